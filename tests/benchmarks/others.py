"""Other graders on the same notebooks, each through its own program."""

from __future__ import annotations

import json
import shutil
import sys
from collections.abc import Callable, Mapping
from pathlib import Path

from tests.benchmarks.measure import Cost, run
from tests.benchmarks.notebooks import RIGHT

Grade = Callable[[list[Path], Path], Cost]


def _with_our_kernel(environment: Mapping[str, str], place: Path) -> dict[str, str]:
    """The kernel that they start is this environment's Python: BrainPy is installed here."""
    folder = place / "jupyter" / "kernels" / "python3"
    folder.mkdir(parents=True, exist_ok=True)
    command = [sys.executable, "-m", "ipykernel_launcher", "-f", "{connection_file}"]
    described = {"argv": command, "display_name": "Python 3", "language": "python"}
    (folder / "kernel.json").write_text(json.dumps(described), "utf-8")
    kept = {name: value for name, value in environment.items() if name != "PYTHONPATH"}
    return {**kept, "JUPYTER_PATH": str(place / "jupyter"), "JUPYTER_PREFER_ENV_PATH": "0"}


def nbgrader(program: str, environment: Mapping[str, str], place: Path) -> Grade:
    """``nbgrader autograde``, in a course of its own. Preparing the course is not counted."""
    own = _with_our_kernel(environment, place)
    own["PATH"] = f"{Path(program).parent}:{own.get('PATH', '')}"  # it calls others of its own

    def grade(files: list[Path], folder: Path) -> Cost:
        (source := folder / "source" / "ps1").mkdir(parents=True)
        shutil.copy(RIGHT, source / "homework.ipynb")
        (folder / "nbgrader_config.py").write_text(
            "c = get_config()\nc.CourseDirectory.course_id = 'c'\n"
            "c.ClearSolutions.enforce_metadata = False\n"
        )
        run([program, "generate_assignment", "ps1", "--create"], own, folder)
        for file in files:
            (handed_in := folder / "submitted" / file.stem / "ps1").mkdir(parents=True)
            shutil.copy(file, handed_in / "homework.ipynb")
        return run([program, "autograde", "ps1", "--create"], own, folder)

    return grade


def otter(program: str, environment: Mapping[str, str], place: Path) -> Grade:
    """``otter run``, one notebook after the other, without containers."""
    own = _with_our_kernel(environment, place)
    packages = Path(program).parents[1].glob("lib/python*/site-packages")
    own["PYTHONPATH"] = ":".join(map(str, packages))  # its kernel imports it

    def grade(files: list[Path], folder: Path) -> Cost:
        (tests := folder / "tests").mkdir()
        (tests / "q1.py").write_text(
            'OK_FORMAT = True\ntest = {"name": "q1", "points": 1, "suites": [{"cases": '
            '[{"code": ">>> HH is not None\\nTrue"}], "type": "doctest"}]}\n'
        )
        run(
            [program, "generate", "-t", "tests", "-o", "autograder.zip", "--no-environment"],
            own,
            folder,
        )
        script = "\n".join(
            f"mkdir out-{n}; {program} run -a autograder.zip -o out-{n} '{file}'"
            for n, file in enumerate(files)
        )
        cost = run(["/bin/sh", "-ec", script], own, folder)
        if "Autograder Failed" in cost.output:
            raise RuntimeError(f"otter did not grade:\n{cost.output[-3000:]}")
        return cost

    return grade


GRADERS = {"nbgrader": nbgrader, "otter": otter}
