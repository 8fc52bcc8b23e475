"""Imports that fail for want of a package, and exceptions that only look like it."""

from __future__ import annotations

import asyncio

import pytest

from grader.assignment.schema import Limits
from grader.core.types import ExecutedNotebook
from grader.run.kernel.missing_import import import_failed
from grader.run.kernel.outcome import executed_notebook
from tests.support.warm_kernels import COLD, Kernels, submission_of

TEXT = "No module named 'seaborn'"
FUNCTIONS = f"""\
def lazy():
    import seaborn

def by_hand():
    raise ModuleNotFoundError("{TEXT}")
"""
EXCUSED = {
    "statement": "import seaborn as sns",
    "from": "from seaborn import (\n    scatterplot,\n    lineplot)",
    "after another": "import os, seaborn",
    "after a semicolon": "x = 1; import seaborn",
    "in a function": "lazy()",
    "called": "import importlib\nsns = importlib.import_module('seaborn')",
    "dunder": "sns = __import__('seaborn')",
    "raised again": "try:\n    import seaborn\nexcept ImportError:\n    print('!')\n    raise",
    "raised by name": "try:\n    import seaborn\nexcept ImportError as e:\n    raise e",
    "timed": "%%time\nimport seaborn",
    "extension": "%load_ext seaborn",
    "beside a magic": "x = %pwd\nimport seaborn",
    "of a library": "import matplotlib.pyplot as plt\nplt.switch_backend('module://seaborn.x')",
    "used": "import seaborn\nseaborn.set_theme()",
    "part of a namespace": "import mpl_toolkits.seaborn",
}
BY_HAND = {
    "raise": f'raise ModuleNotFoundError("{TEXT}")',
    "before an import": f'raise ModuleNotFoundError("{TEXT}"); import seaborn',
    "in a comment": f'raise ModuleNotFoundError("{TEXT}")  # import seaborn',
    "in a function": "by_hand()",
    "where another import failed": (
        f'try:\n    import no_such\nexcept ImportError:\n    raise ModuleNotFoundError("{TEXT}")'
    ),
    "by name": f'error = ModuleNotFoundError("{TEXT}")\nraise error',
    "from a string": f"exec({f'raise ModuleNotFoundError({TEXT!r})'!r})",
    "of what is here": "raise ModuleNotFoundError(\"No module named 'scipy'\")",
    "with a frame in its text": (
        f'raise ModuleNotFoundError("{TEXT}\\nCell In[1], line 2\\n----> 2 import seaborn")'
    ),
    "colab": "raise ModuleNotFoundError(\"No module named 'google.colab'\")",
    "part of what is here": "import json.seaborn",
}


@pytest.fixture(scope="module", params=["cold", pytest.param("warm", marks=pytest.mark.full)])
def executed(request: pytest.FixtureRequest) -> ExecutedNotebook:
    """All of them as cells of one notebook, run by a real kernel: cold, or a warm fork."""
    kernels: Kernels = COLD if request.param == "cold" else request.getfixturevalue("warm")
    submission = submission_of(FUNCTIONS, *EXCUSED.values(), *BY_HAND.values())

    async def run() -> ExecutedNotebook:
        async with kernels.session(submission, Limits()) as session:
            for cell in submission.cells:
                await session.run_cell(cell.index)
            return executed_notebook(session, (), 0.0, 0.0)

    return asyncio.run(run())


@pytest.mark.parametrize("how", EXCUSED)
def test_an_import_that_fails_here_is_excused(executed: ExecutedNotebook, how: str) -> None:
    """A package that this machine lacks is nobody's fault, however it was imported."""
    run = executed.cells[1 + list(EXCUSED).index(how)]
    assert run.excused == "run.excuse.package"


@pytest.mark.parametrize("how", BY_HAND)
def test_an_exception_raised_by_hand_is_the_works_own(executed: ExecutedNotebook, how: str) -> None:
    """The name and the text of a missing package excuse nothing where no import failed."""
    run = executed.cells[1 + len(EXCUSED) + list(BY_HAND).index(how)]
    assert (run.status, run.error_name, run.excused) == ("error", "ModuleNotFoundError", "")


@pytest.mark.parametrize("text", [TEXT, "No module named '.'", "No module named 'a..b'", "", "?"])
@pytest.mark.parametrize(
    "trace",
    [
        "",
        "Cell In[7], line 3",
        "Cell In[1], line 999",
        "File ",
        "File <x>",
        "File a:1, in f\n---->",
    ],
)
def test_a_traceback_that_tells_nothing_excuses_nothing(text: str, trace: str) -> None:
    """What a kernel may say instead of a traceback is no import, and no fault of ours."""
    assert import_failed(text, f"{trace}\n{text}", {1: "x = 1"}, 1) is False


def test_an_exception_raised_by_hand_makes_a_run_that_failed(executed: ExecutedNotebook) -> None:
    """Beside imports that are excused, what was raised still is an error of the work."""
    assert executed.status == "cell_error"


def test_a_cell_that_lacks_what_it_imported_is_told_by_the_import(
    executed: ExecutedNotebook,
) -> None:
    """The package that is missing is named, not what failed for want of it."""
    run = executed.cells[1 + list(EXCUSED).index("used")]
    assert (run.status, run.line, run.error_text) == ("error", 1, TEXT)
