"""A class of any size, the same one each time: most hand in as asked, the others as they do."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import cycle, islice

from grader.authoring.verify.sample_labels import Sample, load_samples

from .troubles import FULL, KINDS, SAMPLES, Handed, Trouble, sample, trouble

FIRST = ("Mara", "Jonas", "Aylin", "Pavel", "Inès", "Tomás", "Noor", "Kofi", "Yuki", "Zoë")
LAST = ("Lindqvist", "Okafor", "Novák", "Costa", "Demir", "Haddad", "Sato", "Müller", "Nguyễn")
ODD = (
    "王 芳", "张伟", "Ann O'Brien", "=1+1", "@SUM(A1:A9)", "-2", "مريم حداد", "Jean-Luc d'Été",
    'Bobby "Tables" & <b>Sons', "A" * 90, "con", "Łukasz Żółć", "Ｗｉｄｅ Ｎａｍｅ", "İnci Işık",
)  # fmt: skip
EMAIL = "{number}@students.example.org"
_FIRST_NUMBER = 5001


@dataclass(frozen=True, kw_only=True)
class Student:
    """Who they are to Moodle, what they handed in (None: nothing), and what it may get.

    ``shared`` says that another student has the same name.
    """

    name: str
    number: int
    trouble: Trouble | None
    shared: bool = False

    @property
    def folder(self) -> str:
        """What Moodle calls the folder."""
        assert self.trouble is not None
        return f"{self.name}_{self.number}_assignsubmission_{self.trouble.kind}"


def class_of(count: int, *, absent: int = 0, slow: int = 0, seed: int = 1) -> list[Student]:
    """``count`` students who handed in, and ``absent`` ones who did not.

    One in five has a trouble, each of them in turn; the others' notebooks are the labelled
    samples, each student's with a comment of its own. ``slow`` ones never end. Of the first
    students two have the same name, and two have the same notebook.
    """
    drawn = random.Random(seed)
    handed = [*islice(_handed_in(count, slow), count)]
    drawn.shuffle(handed)
    names = _names(count + absent, drawn)
    found = [
        Student(name=name, number=_FIRST_NUMBER + 7 * place, trouble=trouble)
        for place, (name, trouble) in enumerate(
            zip(names, [*handed, *[None] * absent], strict=True)
        )
    ]
    return _alike(found)


def all_troubles() -> list[Student]:
    """A student for each trouble, and the two who hand in as asked."""
    every = [
        *(trouble(n, "") for n in range(KINDS)),
        _ordinary(_samples()[0], "one"),
        _ordinary(_samples()[1], "two"),
    ]
    names = _names(len(every), random.Random(2))
    return [
        Student(name=name, number=_FIRST_NUMBER + place, trouble=trouble)
        for place, (name, trouble) in enumerate(zip(names, every, strict=True))
    ]


def _handed_in(count: int, slow: int) -> Iterator[Trouble]:
    endless = next(s for s in load_samples(SAMPLES) if s.run == "timeout")
    yield from (_ordinary(endless, f"slow {number}") for number in range(slow))
    yield from (trouble(number, f"trouble {number}") for number in range(count // 5))
    for number, one in enumerate(cycle(_samples())):
        yield _ordinary(one, f"student {number}")


def _samples() -> list[Sample]:
    """What can be read and ends by itself, spread so that the first few have every mark."""
    ends = [s for s in load_samples(SAMPLES) if s.run not in ("unreadable", "timeout")]
    return [one for start in range(7) for one in ends[start::7]]


def _ordinary(one: Sample, mark: str) -> Trouble:
    content = sample(one.file.removesuffix(".ipynb"), mark)
    return Trouble(name=one.file, files=(Handed(name=one.file, content=content),), marks=one.score)


def _names(count: int, drawn: random.Random) -> Sequence[str]:
    """Names as Moodle has them, no two alike."""
    plain = [
        f"{first} {middle}. {last}" for middle in "ABCDEFGH" for first in FIRST for last in LAST
    ]
    drawn.shuffle(plain)
    odd = ODD[: max(2, count // 20)]
    names = [*odd, *plain][:count]
    assert len(names) == count, "there are not so many names"
    drawn.shuffle(names)
    return names


def _alike(students: list[Student]) -> list[Student]:
    """The first with a right notebook is copied by the next, who also has the first's name."""
    right = [s for s in students if s.trouble and s.trouble.marks == FULL and s.trouble.readable]
    if len(right) < 2 or len(students) < 40:
        return students
    one, other = right[:2]
    copied = replace(other, name=one.name, shared=True, trouble=one.trouble)
    changed = {other.number: copied, one.number: replace(one, shared=True)}
    return [changed.get(student.number, student) for student in students]
