"""A Moodle download as it comes, graded and handed back: the whole way of a class."""

from __future__ import annotations

import csv
import io
import zipfile
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest
from conftest import ROOT, SOLUTION, results, run_grader

Make = Callable[[Mapping[str, str]], str]
FILE = "_assignsubmission_file"


@pytest.mark.slow
def test_a_class_comes_from_moodle_and_goes_back(tmp_path: Path, solution_with: Make) -> None:
    """Ten students with every trouble: each gets a result, a mark, and their own pages back."""
    right = SOLUTION.read_text("utf-8")
    wrong = solution_with({"E=-77., g_max=36.)": "E=77., g_max=36.)"})
    handout = (ROOT / "assignments" / "hh" / "hh.ipynb").read_text("utf-8")
    own = io.BytesIO()
    with zipfile.ZipFile(own, "w") as archive:
        archive.writestr("work/hh.ipynb", right)
        archive.writestr("work/.ipynb_checkpoints/hh-checkpoint.ipynb", handout)
        archive.writestr("__MACOSX/work/._hh.ipynb", "x")
    bomb = io.BytesIO()
    with zipfile.ZipFile(bomb, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("hh.ipynb", bytes(101_000_000))
    link = zipfile.ZipInfo(f"Eve_15{FILE}/hh.ipynb")
    link.external_attr = 0o120777 << 16
    handed_in = {
        f"Ann Lee_11{FILE}/hh.ipynb": right,
        f"李雷_12{FILE}/作业 (1).ipynb": wrong,
        f"李雷_12{FILE}/hh.ipynb": handout,
        f"Cem Öz_13{FILE}/work.zip": own.getvalue(),
        f"Dan_14{FILE}/work.zip": bomb.getvalue(),
        f"Fay_16{FILE}/hh.ipynb.txt": right,
        "Gus_17_assignsubmission_onlinetext/onlinetext.html": "sorry",
        f"../../Hal_18{FILE}/hh.ipynb": right,
        f"=1+1_19{FILE}/hh.ipynb": right,
    }
    with zipfile.ZipFile(tmp_path / "moodle.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in handed_in.items():
            archive.writestr(name, content)
        archive.writestr(link, str(SOLUTION))
    out = tmp_path / "out"
    done = run_grader("grade", tmp_path / "moodle.zip", "-o", out, "--lang", "en")
    assert done.returncode == 0, done.stderr
    found = results(out)
    assert {id: result["score"] == 100 for id, result in found.items()} == {
        "Ann Lee_11": True,
        "李雷_12": False,
        "Cem Öz_13": True,
        "Dan_14": False,
        "Eve_15": False,
        "Fay_16": True,
        "Gus_17": False,
        "Hal_18": False,
        "=1+1_19": True,
    }
    unreadable = {id for id, result in found.items() if result["run"]["status"] == "unreadable"}
    assert unreadable == {"Dan_14", "Eve_15", "Gus_17", "Hal_18"}
    assert all(found[id]["submission"]["notes"] for id in unreadable)
    assert found["李雷_12"]["score"] > 0
    assert "作业 (1).ipynb" in found["李雷_12"]["submission"]["notes"][0]
    assert found["Cem Öz_13"]["submission"]["sha256"] == found["Ann Lee_11"]["submission"]["sha256"]
    assert found["Cem Öz_13"]["provenance"]["seed"] == found["Ann Lee_11"]["provenance"]["seed"]

    sheet = tmp_path / "worksheet.csv"
    rows = [f'"Participant {n}","Name {n}",,100.00,Yes,-' for n in range(11, 20)]
    head = 'Identifier,"Full name",Grade,"Maximum Grade","Grade can be changed",X'
    sheet.write_text("\n".join([head, *rows]) + "\n", "utf-8")
    filled = tmp_path / "filled.csv"
    done = run_grader("export", "moodle", "-f", out, "--into", sheet, "-o", filled, "--lang", "en")
    assert done.returncode == 0, done.stdout
    marks = {
        row["Identifier"]: row["Grade"] for row in csv.DictReader(filled.open(encoding="utf-8"))
    }
    assert marks["Participant 11"] == "100"
    assert marks["Participant 14"] == "0"
    assert len([mark for mark in marks.values() if mark]) == 9
    pages = tmp_path / "feedback.zip"
    done = run_grader("export", "moodle-feedback", "-f", out, "-o", pages)
    assert done.returncode == 0, done.stderr
    with zipfile.ZipFile(pages) as archive:
        names = archive.namelist()
    assert {Path(name).name for name in names} == {"result.html", "result.md"}
    assert f"Ann Lee_11{FILE}/result.html" in names
    assert "Gus_17_assignsubmission_onlinetext/result.md" in names
    assert len(names) == 18
