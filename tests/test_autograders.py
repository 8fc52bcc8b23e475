"""Autograders and workflows run for real, as their platforms run them; see `autograder_bundles.py`.

What is installed is installed once: by a workflow's own line, into an environment that
holds nothing; ``setup.sh`` then finds most of it there.
"""

from __future__ import annotations

import contextlib
import functools
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import venv
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml
from autograder_bundles import Autograder, bare, files_of, lay_out, sh
from project import ROOT, short_solution

from grader.assignment import Assignment
from grader.box.inside.init import descendants

pytestmark = pytest.mark.full
SAMPLES = ROOT / "submissions" / "hh"
ONE = pytest.mark.parametrize("autograder", ["gradescope"], indirect=True)  # both are alike
HOSTILE = """
import glob, os
found = [p for d in ("{root}", "/tmp") for p in glob.glob(d + "/**/rubric.toml", recursive=True)]
text = "".join(open(p).read() for p in found)
if text:
    raise RuntimeError("FOUND " + text)
for path in ("{root}/results/results.json", "{root}/source/fault.json", "{root}/tests/fault.json"):
    try:
        open(path, "w").write('{{"score": 100000}}')
    except OSError:
        pass
if os.fork() == 0:
    os.setsid()
    import time
    time.sleep(1000)
"""


@pytest.fixture(scope="module")
def place() -> Iterator[Path]:
    """A folder that another user can reach, as a container's root is."""
    folder = Path(tempfile.mkdtemp(prefix="auto-", dir="/tmp"))
    folder.chmod(0o755)
    yield folder
    shutil.rmtree(folder)


@pytest.fixture(scope="module")
def repository(place: Path, assignment: Assignment) -> Path:
    """A repository with both workflows in it, and two students' notebooks."""
    folder = place / "repository"
    for platform in ("github", "gitlab"):
        for path, data in files_of(platform, assignment).items():
            file = folder / path
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(data)
    (folder / "handed-in").mkdir()
    for name in ("right-plain", "E_K-sign"):
        shutil.copy(SAMPLES / f"{name}.ipynb", folder / "handed-in")
    return folder


@pytest.fixture(scope="module")
def workflows(repository: Path) -> Mapping[str, list[str]]:
    """The command lines of each workflow, as its file has them."""
    github = yaml.safe_load((repository / ".github" / "workflows" / "grade.yml").read_text())
    gitlab = yaml.safe_load((repository / ".gitlab-ci.yml").read_text())
    steps = github["jobs"]["grade"]["steps"]
    return {
        "github": [step["run"] for step in steps if "run" in step],
        "gitlab": gitlab["grade"]["script"],
    }


@pytest.fixture(scope="module")
def home(place: Path, repository: Path, workflows: Mapping[str, list[str]]) -> Path:
    """An environment that held nothing, after the first line of the GitHub workflow."""
    folder = place / "home"
    venv.create(folder / "venv", with_pip=True)
    install, *_ = workflows["github"]
    done = sh(install, repository, [folder / "venv" / "bin"])
    assert done.returncode == 0, done.stderr
    return folder


@pytest.mark.parametrize("platform", ["github", "gitlab"])
def test_a_workflows_own_lines_grade(
    platform: str, repository: Path, workflows: Mapping[str, list[str]], home: Path
) -> None:
    """From a bare image to marks, annotations and a summary, in a box that needs no namespace."""
    shutil.rmtree(repository / "feedback", ignore_errors=True)
    summary = repository / "summary.md"
    printed = ""
    for line in workflows[platform]:
        done = sh(line, repository, [home / "venv" / "bin"], GITHUB_STEP_SUMMARY=str(summary))
        assert done.returncode == 0, done.stdout + done.stderr
        printed += done.stdout
    results = {
        file.parent.name: json.loads(file.read_text("utf-8"))
        for file in (repository / "feedback").glob("*/result.json")
    }
    assert {name: result["score"] for name, result in results.items()} == {
        "right-plain": 100, "E_K-sign": pytest.approx(70, abs=10),
    }  # fmt: skip
    assert {result["provenance"]["sandbox"] for result in results.values()} == {"landlock"}
    assert 'name="right-plain"' in (repository / "feedback" / "junit.xml").read_text("utf-8")
    if platform == "github":
        wrong = next(line for line in printed.splitlines() if "its sign is not" in line)
        assert wrong.startswith("::error file=handed-in/E_K-sign.ipynb,line=")
        number = int(wrong.partition("line=")[2].partition(",")[0])
        lines = (repository / "handed-in" / "E_K-sign.ipynb").read_text("utf-8").splitlines()
        assert "IK(size, E=77" in lines[number - 1]
        assert "| right-plain | 100 / 100 |" in summary.read_text("utf-8")


def test_a_workflow_fails_for_want_of_a_box_and_says_so(
    repository: Path, workflows: Mapping[str, list[str]], home: Path
) -> None:
    """A job in which nothing can be graded is red, and its last step shows what there is."""
    grade = workflows["gitlab"][1].replace("--sandbox auto", "--sandbox bwrap")
    done = sh(grade, repository, [home / "venv" / "bin"])
    assert done.returncode == 2
    assert "bwrap" in done.stderr


@pytest.fixture(scope="module")
def set_up(place: Path, home: Path, assignment: Assignment) -> Callable[[str], Autograder]:
    """A function that gives a platform's tree, after ``setup.sh`` as the platform starts it."""

    @functools.cache
    def make(platform: str) -> Autograder:
        root = place / platform
        made = lay_out(platform, assignment, root, home)
        path = os.pathsep.join([str(Path(sys.executable).resolve().parent), os.environ["PATH"]])
        done = subprocess.run(
            ["env", "-u", "PYTHONPATH", "bash", str(next(root.rglob("setup.sh")))],
            env={**bare(GRADER_HOME=str(home), HOME=str(root)), "PATH": path},
            cwd="/",
            capture_output=True,
            text=True,
            timeout=900,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        assert "landlock" in done.stdout
        return made

    return make


@pytest.fixture(params=["gradescope", "prairielearn"])
def autograder(request: pytest.FixtureRequest, set_up: Callable[[str], Autograder]) -> Autograder:
    """An autograder that was set up, as it waits for a submission."""
    return set_up(request.param)


def score_of(results: dict[str, Any]) -> float | None:
    """The mark in percent; None where there is none."""
    if "gradable" in results:
        return 100 * results["score"] if results["gradable"] else None
    score: float | None = results.get("score")
    return score


def test_a_right_submission_gets_full_marks(autograder: Autograder) -> None:
    """Graded in a box that needs no user namespace; every public check is a test of its own."""
    autograder.hand_in(SAMPLES / "right-plain.ipynb")
    results, printed = autograder.run()
    assert score_of(results) == 100, printed
    assert len(results["tests"]) > 20
    assert ("100/100" in printed) == (autograder.source == "source")  # PrairieLearn's may be shown


def test_a_broken_submission_gets_what_it_earned(autograder: Autograder) -> None:
    """A notebook that stops is graded, and its student told why."""
    autograder.hand_in(SAMPLES / "NameError-in-init.ipynb")
    results, printed = autograder.run()
    score = score_of(results)
    assert score is not None, printed
    assert 0 < score < 50
    assert "NameError" in json.dumps(results)


@ONE
def test_of_several_files_one_is_graded(autograder: Autograder) -> None:
    """One student handed all of them in, however they are called; no notebook is a 0."""
    names = ("right-plain", "E_K-sign", "刘洋-LIF作业")
    autograder.hand_in(*(SAMPLES / f"{name}.ipynb" for name in names))
    results, printed = autograder.run()
    assert score_of(results) is not None, printed
    for nothing in ([], [SAMPLES / "expected.toml"]):  # an empty folder, another kind of file
        autograder.hand_in(*nothing)
        results, printed = autograder.run()
        assert score_of(results) == 0, printed


def test_a_hostile_submission_gains_nothing(autograder: Autograder, tmp_path: Path) -> None:
    """It finds no reference, writes no result of its own, and leaves nothing running."""
    attack = HOSTILE.format(root=autograder.root)
    autograder.hand_in(short_solution(tmp_path / "homework.ipynb", after=attack))
    fault = (autograder.root / autograder.source / "fault.json").read_bytes()
    results, printed = autograder.run()
    score = score_of(results)
    assert score is not None, printed
    assert 90 < score <= 100
    assert "FOUND" not in json.dumps(results)
    assert (autograder.root / autograder.source / "fault.json").read_bytes() == fault
    running = [p.read_bytes() for p in Path("/proc").glob("[0-9]*/cmdline") if p.exists()]
    assert not [line for line in running if str(autograder.home).encode() in line]


def is_our_fault(results: dict[str, Any]) -> bool:
    """Neither a score nor tests, and a sentence for the student."""
    text = json.dumps(results)
    return score_of(results) is None and "tests" not in results and "tell your teacher" in text


@pytest.mark.parametrize(
    ("autograder", "what"),
    [("gradescope", "raises"), ("prairielearn", "missing")],
    indirect=["autograder"],
)
def test_a_grader_that_is_broken_costs_nothing(autograder: Autograder, what: str) -> None:
    """With a reference that fails or is gone nothing is graded, and the student learns why not."""
    autograder.hand_in(SAMPLES / "right-plain.ipynb")
    model = autograder.root / autograder.source / "course" / "reference" / "hh" / "model.py"
    text = model.read_text("utf-8")
    try:
        model.unlink()
        if what == "raises":
            model.write_text(text + "\nraise RuntimeError('broken on purpose')\n", "utf-8")
        results, printed = autograder.run()
    finally:
        model.write_text(text, "utf-8")
    assert score_of(results) is None, printed
    assert "tests" not in results
    assert "not your fault" in json.dumps(results)
    assert "on purpose" not in json.dumps(results)


def test_without_an_environment_there_is_a_result(autograder: Autograder, tmp_path: Path) -> None:
    """The grader was never installed, or is gone."""
    autograder.hand_in(SAMPLES / "right-plain.ipynb")
    results, _ = autograder.run(GRADER_HOME=str(tmp_path))
    assert is_our_fault(results)


def test_a_result_is_there_while_it_is_graded_and_after_a_kill(autograder: Autograder) -> None:
    """SIGKILL for all of it, as when memory or time is up: what lies there says our fault."""
    autograder.hand_in(SAMPLES / "endless-loop.ipynb")
    process = autograder.start()
    deadline = time.monotonic() + 60
    while len(descendants(process.pid)) < 8 and process.poll() is None:
        assert time.monotonic() < deadline, "the grader did not start"
        time.sleep(0.1)
    below = descendants(process.pid)
    assert is_our_fault(json.loads(autograder.results.read_text("utf-8")))
    for pid in (process.pid, *below):
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
    process.communicate()
    assert is_our_fault(json.loads(autograder.results.read_text("utf-8")))


@ONE
@pytest.mark.skipif(os.geteuid() != 0, reason="only root can make a disk that is full")
@pytest.mark.parametrize("when", ["before", "while"])
def test_a_full_disk_costs_nothing(autograder: Autograder, when: str) -> None:
    """Where results can't be written any more, what is there says our fault, and is whole."""
    autograder.hand_in(SAMPLES / "right-plain.ipynb")
    disk = autograder.root / "results"
    disk.mkdir(exist_ok=True)
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=4k", "tmpfs", str(disk)], check=True)
    try:
        if when == "before":
            with pytest.raises(OSError, match="No space"), (disk / "filler").open("wb") as file:
                file.write(bytes(1 << 20))
        results, printed = autograder.run()
        assert is_our_fault(results), printed
    finally:
        subprocess.run(["umount", str(disk)], check=True)
