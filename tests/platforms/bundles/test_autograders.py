"""Autograders and workflows run for real, as their platforms run them; see `autograder_bundles.py`.

Each grades in a container's stand-in, as root and as an ordinary user, and gives the marks
that the same notebooks have on a bare machine. What is installed is installed once: by a
workflow's own line, into an environment that holds nothing; ``setup.sh`` then finds most of it
there. Both platforms' scripts are made of one template, so each further promise is tried on one
of them, and on both what differs: where things lie, which file says that the fault is ours,
whether the log is printed.
"""

from __future__ import annotations

import contextlib
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import venv
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path

import pytest
import yaml

from grader.assignment.schema import Assignment
from grader.untrusted.box.init import descendants
from tests.support.autograder_bundles import (
    INSTALLED,
    SECRET,
    Autograder,
    bare,
    files_of,
    lay_out,
    sh,
)
from tests.support.autograder_results import (
    FILLS_DISK,
    FILLS_MEMORY,
    HOSTILE,
    is_our_fault,
    marks,
    one_cell,
    score_of,
)
from tests.support.project import ROOT, points, results, short_solution
from tests.support.sandboxes import IN_CONTAINERS, OWN, give, in_container

SAMPLES = ROOT / "submissions" / "hh"
BOTH = ("gradescope", "prairielearn")
ALONE = ("right-plain", "E_K-sign", "NameError-in-init", "login-page", "hostile")
"""What is handed in to an autograder: right, wrong, broken, no notebook, and hostile."""
IN_EACH = pytest.mark.parametrize("user", IN_CONTAINERS)


@pytest.fixture(scope="module")
def place() -> Iterator[Path]:
    """A folder that another user can reach, as a container's root is."""
    folder = Path(tempfile.mkdtemp(prefix="auto-", dir="/tmp"))
    folder.chmod(0o755)
    yield folder
    shutil.rmtree(folder)


@pytest.fixture(scope="module")
def repository(place: Path, assignment: Assignment) -> Path:
    """A repository with both workflows in it, and the notebooks of some students."""
    folder = place / "repository"
    for platform in ("github", "gitlab"):
        for path, data in files_of(platform, assignment).items():
            file = folder / path
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(data)
    (folder / ".grader" / "secret").write_text(SECRET)
    (handed_in := folder / "handed-in").mkdir()
    for name in ALONE[:-1]:
        shutil.copy(SAMPLES / f"{name}.ipynb", handed_in)
    attacks = {"hostile": HOSTILE.format(place=place), "disk": FILLS_DISK, "memory": FILLS_MEMORY}
    for name, attack in attacks.items():
        short_solution(handed_in / f"{name}.ipynb", after=attack)
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
    """An environment that held nothing, after the first line of both workflows."""
    folder = place / "home"
    venv.create(folder / "venv", with_pip=True)
    (install,) = {lines[0] for lines in workflows.values()}
    assert install.startswith("pip install ")
    done = sh(install, repository, [folder / "venv" / "bin"])
    assert done.returncode == 0, done.stderr
    return folder


@pytest.fixture(scope="module")
def bare_machine(place: Path, repository: Path, home: Path) -> Path:
    """What the same grader says of the same notebooks outside of any container."""
    out = place / "bare"
    line = f"GRADER_SECRET='{SECRET}' grader grade handed-in --assignments .grader/course -a hh"
    formats = ",".join(BOTH)
    done = sh(f"{line} -o {out} --format {formats}", repository, [home / "venv" / "bin"])
    assert done.returncode == 0, done.stdout + done.stderr
    return out


@IN_EACH
@pytest.mark.parametrize("platform", ["github", "gitlab"])
def test_a_workflows_own_lines_give_the_marks_of_a_bare_machine(
    platform: str,
    user: str,
    repository: Path,
    workflows: Mapping[str, list[str]],
    home: Path,
    bare_machine: Path,
) -> None:
    """From a bare image to marks, annotations and a summary, in a box that needs no namespace."""
    shutil.rmtree(repository / "feedback", ignore_errors=True)
    summary = repository / "summary.md"
    summary.unlink(missing_ok=True)
    give(repository, user)
    printed = ""
    for line in workflows[platform][1:]:  # after the one that installs
        done = sh(
            *(line, repository, [home / "venv" / "bin"], in_container(user)),
            GITHUB_STEP_SUMMARY=str(summary),
        )
        assert done.returncode == 0, done.stdout + done.stderr
        printed += done.stdout
    inside, outside = results(repository / "feedback"), results(bare_machine)
    assert set(inside) == {*ALONE, "disk", "memory"}
    for name, result in inside.items():
        assert points(result) == points(outside[name]), name
    assert (inside["right-plain"]["score"], inside["login-page"]["score"]) == (100, 0)
    assert {result["provenance"]["sandbox"] for result in inside.values()} == {"landlock"}
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
    done = sh(grade, repository, [home / "venv" / "bin"], in_container(OWN))
    assert done.returncode == 2
    assert "bwrap" in done.stderr


@pytest.fixture(scope="module")
def trees(place: Path, home: Path, assignment: Assignment) -> Mapping[str, Autograder]:
    """A tree of each platform, after ``setup.sh`` was started as a platform starts it."""
    made = {platform: lay_out(platform, assignment, place / platform, home) for platform in BOTH}
    scripts = [next(one.root.rglob("setup.sh")) for one in made.values()]
    assert len({script.read_bytes() for script in scripts}) == 1, "each has to be tried"
    path = os.pathsep.join([str(Path(sys.executable).resolve().parent), os.environ["PATH"]])
    done = subprocess.run(
        [*in_container(OWN), *INSTALLED, "bash", str(scripts[0])],
        env={**bare(GRADER_HOME=str(home), HOME=str(place)), "PATH": path},
        cwd="/",
        capture_output=True,
        text=True,
        timeout=900,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "landlock" in done.stdout
    return made


@pytest.fixture
def gradescope(trees: Mapping[str, Autograder]) -> Autograder:
    """Gradescope's, as it waits for a submission."""
    return trees["gradescope"]


@pytest.fixture
def prairielearn(trees: Mapping[str, Autograder]) -> Autograder:
    """PrairieLearn's, as it waits for a submission."""
    return trees["prairielearn"]


def test_of_several_files_the_right_one_gets_full_marks(
    gradescope: Autograder, tmp_path: Path
) -> None:
    """One student handed all of them in, however they are called; every check is a test."""
    handout = shutil.copy(ROOT / "assignments" / "hh" / "hh.ipynb", tmp_path / "刘洋-LIF作业.ipynb")
    gradescope.hand_in(SAMPLES / "right-plain.ipynb", handout, SAMPLES / "expected.toml")
    results, printed = gradescope.run()
    assert score_of(results) == 100, printed
    assert len(results["tests"]) > 20
    assert re.search(r"^\[1/1\] \S+: 100/100$", printed, re.M), printed


@pytest.mark.parametrize("files", [[], [SAMPLES / "expected.toml"]], ids=["none", "no notebook"])
def test_no_notebook_is_a_0(gradescope: Autograder, files: list[Path]) -> None:
    """An empty folder, or a file of another kind."""
    gradescope.hand_in(*files)
    results, printed = gradescope.run()
    assert score_of(results) == 0, printed


@IN_EACH
@pytest.mark.parametrize("platform", BOTH)
@pytest.mark.parametrize("name", ALONE)
def test_an_autograder_gives_the_marks_of_a_bare_machine(
    name: str,
    platform: str,
    user: str,
    trees: Mapping[str, Autograder],
    repository: Path,
    bare_machine: Path,
) -> None:
    """A notebook gets what it earned, and its student is told why.

    A hostile one finds no reference, writes no result of its own, and leaves nothing running;
    what PrairieLearn may show to students says nothing of it.
    """
    autograder = replace(trees[platform], user=user)
    autograder.hand_in(repository / "handed-in" / f"{name}.ipynb")
    fault = (autograder.root / autograder.source / "fault.json").read_bytes()
    inside, printed = autograder.run()
    outside = json.loads((bare_machine / name / f"{platform}.json").read_text("utf-8"))
    assert marks(inside) == marks(outside), printed
    assert ("/100" in printed) == (platform == "gradescope")
    assert ("NameError" in json.dumps(inside)) == name.startswith("NameError")
    assert "FOUND" not in json.dumps(inside)
    assert (autograder.root / autograder.source / "fault.json").read_bytes() == fault
    running = [p.read_bytes() for p in Path("/proc").glob("[0-9]*/cmdline") if p.exists()]
    assert not [line for line in running if str(autograder.home).encode() in line]


@pytest.mark.parametrize(("platform", "what"), [("gradescope", "raises"), ("prairielearn", "gone")])
def test_a_grader_that_is_broken_costs_nothing(
    platform: str, what: str, trees: Mapping[str, Autograder], tmp_path: Path
) -> None:
    """With a reference that fails or is gone nothing is graded, and the student learns why not."""
    autograder = trees[platform]
    autograder.hand_in(one_cell(tmp_path / "homework.ipynb", "print(6 * 7)"))
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


@pytest.mark.parametrize("platform", BOTH)
def test_without_an_environment_there_is_a_result(
    platform: str, trees: Mapping[str, Autograder], tmp_path: Path
) -> None:
    """The grader was never installed, or is gone."""
    autograder = trees[platform]
    autograder.hand_in(SAMPLES / "right-plain.ipynb")
    results, _ = autograder.run(GRADER_HOME=str(tmp_path))
    assert is_our_fault(results)


def test_a_result_is_there_while_it_is_graded_and_after_a_kill(
    gradescope: Autograder, tmp_path: Path
) -> None:
    """SIGKILL for all of it, as when memory or time is up: what lies there says our fault."""
    sleeps = "import subprocess; subprocess.run(['sleep', '3600'])"
    gradescope.hand_in(one_cell(tmp_path / "homework.ipynb", sleeps))
    process = gradescope.start()
    deadline = time.monotonic() + 180
    while not [pid for pid in descendants(process.pid) if _command(pid).startswith(b"sleep\0")]:
        assert process.poll() is None, "the grader ended"
        assert time.monotonic() < deadline, "the notebook was not run"
        time.sleep(0.05)
    assert is_our_fault(json.loads(gradescope.results.read_text("utf-8")))
    for pid in (process.pid, *descendants(process.pid)):
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
    process.communicate()
    assert is_our_fault(json.loads(gradescope.results.read_text("utf-8")))


def _command(pid: int) -> bytes:
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return b""


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can make a disk that is full")
@pytest.mark.parametrize("when", ["before", "while"])
def test_a_full_disk_costs_nothing(gradescope: Autograder, when: str, tmp_path: Path) -> None:
    """Where results can't be written any more, what is there says our fault, and is whole."""
    gradescope.hand_in(one_cell(tmp_path / "homework.ipynb", "print(6 * 7)"))
    disk = gradescope.root / "results"
    disk.mkdir(exist_ok=True)
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=4k", "tmpfs", str(disk)], check=True)
    try:
        if when == "before":
            with pytest.raises(OSError, match="No space"), (disk / "filler").open("wb") as file:
                file.write(bytes(1 << 20))
        results, printed = gradescope.run()
        assert re.search(r"^\[1/1\] \S+: [\d.]+/100$", printed, re.M), printed  # it did grade
        assert is_our_fault(results), printed
    finally:
        subprocess.run(["umount", str(disk)], check=True)
