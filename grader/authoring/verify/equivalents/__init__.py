"""Right models: the solution written in other ways, none of which may cost a point.

``classes`` finds the channels' classes and changes them; the other modules each hold some
families: functions that yield specimens where the solution has what they change, else none.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from dataclasses import replace

from grader.assignment.schema import Assignment
from grader.authoring.verify.ast_edits import Specimen
from grader.authoring.verify.equivalents.arguments import (
    by_position,
    computed,
    defaults,
    rounded,
    set_later,
)
from grader.authoring.verify.equivalents.equations import rewritten
from grader.authoring.verify.equivalents.hooks import hung_in_other_ways
from grader.authoring.verify.equivalents.integrators import dt_in_other_ways, other_integrators
from grader.authoring.verify.equivalents.joint import own_states
from grader.authoring.verify.equivalents.names import (
    exchanged_names,
    other_names,
    subclassed,
    super_in_other_ways,
)
from grader.authoring.verify.equivalents.numbers import single_precision, variants
from grader.authoring.verify.equivalents.settings import left_settings
from grader.authoring.verify.equivalents.updates import by_hand
from grader.authoring.verify.equivalents.ways import each_alone, in_another_order, together
from grader.authoring.verify.record_mutants import right_runs
from grader.authoring.verify.solution import Teacher
from grader.authoring.verify.type_mutants import accepted_types

Family = Callable[[Teacher, Assignment], Iterator[Specimen]]


def _as_written(teacher: Teacher, assignment: Assignment) -> Iterator[Specimen]:
    yield Specimen(operator="as it is", place="the solution", cells={})


FAMILIES: tuple[Family, ...] = (
    _as_written,
    other_integrators,
    in_another_order,
    each_alone,
    together,
    set_later,
    computed,
    rounded,
    defaults,
    by_position,
    rewritten,
    by_hand,
    own_states,
    hung_in_other_ways,
    dt_in_other_ways,
    super_in_other_ways,
    subclassed,
    other_names,
    exchanged_names,
    accepted_types,
    single_precision,
    variants,
    left_settings,
    right_runs,
)


def equivalents(teacher: Teacher, assignment: Assignment) -> list[Specimen]:
    """Every right model.

    Of those that change nothing but other exercises' cells, each kind once: the last one, which
    changes them together. They are all made where that exercise is verified.
    """
    made = itertools.chain.from_iterable(family(teacher, assignment) for family in FAMILIES)
    every = [replace(specimen, right=True) for specimen in made]
    of_others = [s for s in every if s.cells and s.cells.keys() <= teacher.of_others]
    last = {specimen.operator: specimen for specimen in of_others}
    return [s for s in every if s not in of_others or s is last[s.operator]]
