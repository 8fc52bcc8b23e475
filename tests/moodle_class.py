"""A class's download from Moodle, with every kind of trouble that students make.

``write`` makes the zip, the worksheet that Moodle would give, and a gradebook of Canvas with
the same students; ``faults`` says what of the grader's answer is not as it must be.
"""

from __future__ import annotations

import csv
import io
import json
import tomllib
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from moodle_troubles import RARE, SAMPLES, TROUBLES, Members

FILE = "_assignsubmission_file"
FIRST = 1001  # the first participant's number


@dataclass(frozen=True)
class Student:
    """One student: what they handed in, between which marks they must get, and how it runs."""

    number: int
    name: str
    kind: str
    members: Members
    score: tuple[float, float]
    status: str  # of the run, "" for any

    @property
    def id(self) -> str:
        """The name of their folder of results."""
        return f"{self.name}_{self.number}"


_FAMILY = ("Lee", "Öz", "O'Neil", "de la Cruz", "Ng", "Smith-Jones", "Nguyễn", "=1+1", "Lee_2")
_GIVEN = ("Ann", "Cem", "Dana", "李雷", "Eve", "Fatıma", "Gus", "韩梅梅", "Ivo", "Zoë")


def _name(place: int) -> str:
    """A name that nobody else has, but for those that begin and end the class."""
    if place == 0:
        return "Ann Lee"
    given, family = _GIVEN[place % len(_GIVEN)], _FAMILY[place // 10 % len(_FAMILY)]
    return f"{given} {family} {'abcdefghij'[place // 90]}" if place >= 90 else f"{given} {family}"


def students(number: int, troubles: Sequence[str], rare: Sequence[str] = ()) -> list[Student]:
    """A class: every second one has a trouble in turn, the others hand in samples.

    The last has the first one's name.
    """
    table = tomllib.loads((SAMPLES / "expected.toml").read_text("utf-8"))
    samples = [one for one in table["samples"] if one.get("run") == "ok"]
    turn = [*rare, *(troubles[i % len(troubles)] for i in range(number))]
    found = []
    for place in range(number):
        person = FIRST + place, "Ann Lee" if place == number - 1 else _name(place)
        folder = f"{person[1]}_{person[0]}{FILE}"
        if place % 2:
            kind = turn[place // 2]
            make, score, status = (TROUBLES | RARE)[kind]
            found.append(Student(*person, kind, make(folder), score, status))
        else:
            sample = samples[place // 2 * 7 % len(samples)]
            content = (SAMPLES / sample["file"]).read_bytes()
            low, high = sample["score"]
            members: Members = [(f"{folder}/hh.ipynb", content)]
            found.append(Student(*person, sample["file"], members, (low, high), ""))
    return found


def write(folder: Path, those: Sequence[Student]) -> tuple[Path, Path, Path]:
    """The download, Moodle's worksheet, and a gradebook of Canvas."""
    download, worksheet, gradebook = (
        folder / name for name in ("moodle.zip", "worksheet.csv", "gradebook.csv")
    )
    with zipfile.ZipFile(download, "w", zipfile.ZIP_DEFLATED) as archive:
        for student in those:
            for name, content in student.members:
                archive.writestr(name, content)
    with worksheet.open("w", encoding="utf-8-sig", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(
            ["Identifier", "Full name", "Grade", "Maximum Grade", "Grade can be changed"]
        )
        for one in those:
            writer.writerow([f"Participant {one.number}", one.name, "", "100.00", "Yes"])
    with gradebook.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["Student", "ID", "SIS User ID", "SIS Login ID", "Section", "HH (7)"])
        writer.writerow(["    Points Possible", "", "", "", "", "100"])
        for one in those:
            writer.writerow([one.name, one.number + 5000, "", "", "A", ""])
    return download, worksheet, gradebook


def faults(those: Sequence[Student], out: Path) -> Iterator[str]:
    """What of the results is not as it must be, a sentence each."""
    by_id = {one.id: one for one in those}
    found = {f.parent.name: json.loads(f.read_text("utf-8")) for f in out.glob("*/result.json")}
    if set(found) != set(by_id):
        yield f"results and students differ: {sorted(set(found) ^ set(by_id))}"
    for id in sorted(set(found) & set(by_id)):
        one, result = by_id[id], found[id]
        score, status = result["score"], result["run"]["status"]
        if score is None or not one.score[0] <= score <= one.score[1]:
            yield f"{id} ({one.kind}): {score}, not {one.score[0]:g} to {one.score[1]:g}"
        if one.status and status != one.status:
            yield f"{id} ({one.kind}): the run's status is {status}, not {one.status}"
    summary = json.loads((out / "summary.json").read_text("utf-8"))
    marks = {one["id"]: one["score"] for one in summary["submissions"]}
    if marks != {id: result["score"] for id, result in found.items()}:
        yield "summary.json has other marks than the results"
    rows = _rows((out / "grades.csv").read_bytes())
    if [float(row["score"]) for row in rows] != [one["score"] for one in summary["submissions"]]:
        yield "grades.csv has other marks than summary.json"


def export_faults(
    those: Sequence[Student], out: Path, exported: Mapping[str, bytes]
) -> Iterator[str]:
    """Where the files of ``grader export``, by its formats, are not what the results say."""
    scores = {one.number: _score(out, one) for one in those}
    for row in _rows(exported["moodle"]):
        number = int(row["Identifier"].split()[1])
        if float(row["Grade"]) != scores[number]:
            yield f"moodle: {number} has {row['Grade']}, not {scores[number]}"
    names = [one.name for one in those]
    for row, one in zip(_rows(exported["canvas"])[1:], those, strict=True):
        wanted = scores[one.number] if names.count(one.name) == 1 else None  # nobody is guessed
        if (float(row["HH (7)"]) if row["HH (7)"] else None) != wanted:
            yield f"canvas: {one.name} has {row['HH (7)']!r}, not {wanted}"
    plain = {row["lms_id"]: row["score"] for row in _rows(exported["csv"])}
    if {int(id): float(score) for id, score in plain.items()} != scores:
        yield "csv: other marks than the results"
    with zipfile.ZipFile(io.BytesIO(exported["moodle-feedback"])) as archive:
        pages = {name: archive.read(name) for name in archive.namelist()}
    for one in those:
        for name in ("result.html", "result.md"):
            own = (out / one.id / name).read_bytes()
            if not any(pages.pop(f"{folder}/{name}", b"") == own for folder in _folders(one)):
                yield f"moodle-feedback: no {name} of {one.id}, or another one"
    if pages:
        yield f"moodle-feedback: {sorted(pages)} is nobody's"


def _folders(one: Student) -> list[str]:
    """The names under which Moodle would know a student's folder."""
    folder = f"{one.name}_{one.number}{FILE}"
    return [folder, folder.replace("file", "onlinetext")]


def _score(out: Path, one: Student) -> float:
    return float(json.loads((out / one.id / "result.json").read_text("utf-8"))["score"])


def _rows(content: bytes) -> list[dict[str, Any]]:
    return list(csv.DictReader(io.StringIO(content.decode("utf-8-sig"), newline="")))
