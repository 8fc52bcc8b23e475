"""The tiers of the tests, and what several tests need: assignment, notebooks, graded folders."""

from __future__ import annotations

import json
import os
from collections import Counter
from collections.abc import Callable, Generator, Mapping
from pathlib import Path
from typing import Any

import pytest

from grader.assignment.load import load_assignment
from grader.assignment.schema import Assignment
from tests.support.graded_corpus import IDS, Corpus
from tests.support.project import ROOT, SOLUTION
from tests.support.tiers import TIERS, place_in_order, tier_of

HERE = Path(__file__).parent
NAMES = [*TIERS]

_left_out: dict[str, int] = {}


def pytest_addoption(parser: pytest.Parser) -> None:
    """``--full``, ``--exhaustive`` and ``--rest``."""
    group = parser.getgroup("tiers", "how much is tested")
    group.addoption("--full", action="store_true", help=f"Also run {TIERS['full']}.")
    group.addoption("--exhaustive", action="store_true", help=f"Also run {TIERS['exhaustive']}.")
    group.addoption(
        "--rest",
        action="store_true",
        help="With --full: leave out what runs without it. With --exhaustive: what --full runs.",
    )


def pytest_configure(config: pytest.Config) -> None:
    """Make the tiers known as markers."""
    for name, about in TIERS.items():
        config.addinivalue_line("markers", f"{name}: a test of the tier that runs {about}")
    if config.getoption("rest") and _asked(config) == 0:
        raise pytest.UsageError("--rest says of --full or --exhaustive what to leave out")


def pytest_xdist_auto_num_workers() -> int:
    """As many workers as there are processors, and no more than eight: each needs 1 GB."""
    return min(8, len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else 2)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    """One process for the tests of a file, and in ``test_acceptance.py`` of an assignment."""
    from xdist.scheduler import LoadScopeScheduling

    class ByFile(LoadScopeScheduling):  # type: ignore[misc]
        def _split_scope(self, nodeid: str) -> str:
            file, _, test = nodeid.partition("::")
            if not file.endswith("test_acceptance.py"):
                return file
            of = (id for id in sorted(IDS, key=len, reverse=True) if f"[{id}" in test)
            return f"{file} {next(of, 'hh')}"

    return ByFile(config, log)


def pytest_itemcollected(item: pytest.Item) -> None:
    """Give each test the marker of its tier, so that ``-m`` selects by it, too."""
    item.add_marker(_tier(item))


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Keep the tests of the tier that is asked for, and those that are named one by one."""
    highest = _asked(config)
    lowest = highest if config.getoption("rest") else 0
    named = [argument for argument in config.args if "::" in argument]
    kept, left_out = [], []
    for item in items:
        is_kept = lowest <= NAMES.index(_tier(item)) <= highest or _is_named(item, named)
        (kept if is_kept else left_out).append(item)
    _left_out.update(Counter(map(_tier, left_out)))
    if left_out:
        config.hook.pytest_deselected(items=left_out)
    items[:] = sorted(kept, key=lambda item: place_in_order(_file(item)))


def pytest_sessionfinish(session: pytest.Session) -> None:
    """Tell the process that prints what this one has left out."""
    if (output := getattr(session.config, "workeroutput", None)) is not None:
        output["left_out"] = _left_out


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: Any) -> None:
    """Every worker collects the same tests: keep what one of them says."""
    _left_out.update(getattr(node, "workeroutput", {}).get("left_out", {}))


@pytest.hookimpl(wrapper=True, tryfirst=True)  # around all others: these are the last lines
def pytest_terminal_summary(
    terminalreporter: Any, config: pytest.Config
) -> Generator[None, None, None]:
    """Say in the last lines what was left out, and how to run it."""
    yield
    for place, (name, about) in enumerate(TIERS.items()):
        if name in _left_out and place > _asked(config):
            terminalreporter.write_line(
                f"Left out: {_left_out[name]} tests. python -m pytest --{name} runs {about}."
            )


def _asked(config: pytest.Config) -> int:
    """Return the place among `TIERS` of the last one that is run."""
    return 2 if config.getoption("exhaustive") else 1 if config.getoption("full") else 0


def _tier(item: pytest.Item) -> str:
    return tier_of(_file(item), (marker.name for marker in item.iter_markers()))


def _file(item: pytest.Item) -> Path:
    return item.path.relative_to(HERE)


def _is_named(item: pytest.Item, named: list[str]) -> bool:
    """Whether a test was asked for by its own name, and not only by its file's."""
    tests = (argument.partition("::")[2] for argument in named)
    here = item.nodeid.partition("::")[2]
    return any(here == test or here.startswith(f"{test}[") for test in tests)


@pytest.fixture(scope="session")
def assignment() -> Assignment:
    """The HH assignment as a teacher sees it."""
    return load_assignment(ROOT / "assignments" / "hh", ROOT / "reference" / "hh")


@pytest.fixture(scope="session")
def lesson() -> Assignment:
    """The assignment of several exercises as a teacher sees it, with the tolerances of its file."""
    folders = ROOT / "assignments" / "hh-lesson", ROOT / "reference" / "hh-lesson"
    return load_assignment(*folders, derived=False)


@pytest.fixture(scope="session")
def corpus(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Corpus:
    """The labelled samples of every assignment, each assignment's graded once by one command."""
    place = tmp_path_factory.getbasetemp()
    shared = place.parent if hasattr(request.config, "workerinput") else place
    return Corpus(shared, whole=_asked(request.config) > 0)


@pytest.fixture(scope="session")
def solution_with() -> Callable[[Mapping[str, str]], str]:
    """A function that gives the teacher's notebook with texts of its code replaced."""

    def make(replacements: Mapping[str, str]) -> str:
        notebook = json.loads(SOLUTION.read_text("utf-8"))
        for old, new in replacements.items():
            hit = 0
            for cell in notebook["cells"]:
                source = "".join(cell["source"])
                if cell["cell_type"] == "code" and old in source:
                    cell["source"], hit = source.replace(old, new), hit + 1
            assert hit, f"nothing to replace: {old!r}"
        return json.dumps(notebook, ensure_ascii=False)

    return make
