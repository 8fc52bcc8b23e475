"""Right models: the solution written in other ways, none of which may cost a point.

``class_edits`` finds the channels' classes and changes them, ``integrator_step`` finds how a class
steps its states, ``linear_form`` takes an equation apart. The other modules each hold some
families: functions that yield mutants where the solution has what they change, else none.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from dataclasses import replace

from grader.assignment.schema import Assignment
from grader.authoring.verify.ast_edits import Mutant
from grader.authoring.verify.equivalents.channel_construction import (
    channels_one_by_one,
    channels_reordered,
    channels_together,
)
from grader.authoring.verify.equivalents.class_renames import (
    exchanged_class_names,
    renamed_classes,
    subclassed,
    super_in_other_ways,
)
from grader.authoring.verify.equivalents.global_settings import global_settings
from grader.authoring.verify.equivalents.hand_written_steps import hand_written_steps
from grader.authoring.verify.equivalents.integrators import dt_in_other_ways, other_integrators
from grader.authoring.verify.equivalents.ion_attachments import ion_attachments
from grader.authoring.verify.equivalents.own_states import own_states
from grader.authoring.verify.equivalents.parameter_passing import (
    computed_parameters,
    defaults_relied_on,
    parameters_by_position,
    parameters_set_later,
    rounded_parameters,
)
from grader.authoring.verify.equivalents.precision import accepted_variants, single_precision
from grader.authoring.verify.equivalents.rewritten_equations import rewritten_equations
from grader.authoring.verify.parsed_solution import ParsedSolution
from grader.authoring.verify.record_mutants import equivalent_records
from grader.authoring.verify.type_mutants import accepted_type_mutants

Producer = Callable[[ParsedSolution, Assignment], Iterator[Mutant]]


def _as_written(solution: ParsedSolution, assignment: Assignment) -> Iterator[Mutant]:
    yield Mutant(operator="as it is", place="the solution", cells={})


PRODUCERS: tuple[Producer, ...] = (
    _as_written,
    other_integrators,
    channels_reordered,
    channels_one_by_one,
    channels_together,
    parameters_set_later,
    computed_parameters,
    rounded_parameters,
    defaults_relied_on,
    parameters_by_position,
    rewritten_equations,
    hand_written_steps,
    own_states,
    ion_attachments,
    dt_in_other_ways,
    super_in_other_ways,
    subclassed,
    renamed_classes,
    exchanged_class_names,
    accepted_type_mutants,
    single_precision,
    accepted_variants,
    global_settings,
    equivalent_records,
)


def equivalent_mutants(solution: ParsedSolution, assignment: Assignment) -> list[Mutant]:
    """Every right model.

    Of those that change nothing but other exercises' cells, each kind once: the last one, which
    changes them together. They are all made where that exercise is verified.
    """
    made = itertools.chain.from_iterable(family(solution, assignment) for family in PRODUCERS)
    every = [replace(mutant, right=True) for mutant in made]
    of_others = [s for s in every if s.cells and s.cells.keys() <= solution.shared_cells]
    last = {mutant.operator: mutant for mutant in of_others}
    return [s for s in every if s not in of_others or s is last[s.operator]]
