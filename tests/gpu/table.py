"""What was found, as Markdown for people and as JSON for programs."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass

from tests.gpu.machine import Machine
from tests.gpu.parts import Part


@dataclass(frozen=True)
class Outcome:
    """All parts of one run."""

    here: Machine
    parts: tuple[Part, ...]
    seconds: float

    @property
    def differs(self) -> bool:
        """Whether anything that was tried is not as it must be."""
        return any(part.wrong for part in self.parts)

    def in_words(self) -> str:
        """The last lines: what differs, what was not tried, and the time."""
        wrong = [fault for part in self.parts for fault in part.wrong]
        left = [one for part in self.parts for one in part.not_tried]
        lines = [f"Differs: {fault}" for fault in wrong]
        lines += [f"Not tried: {one}" for one in left]
        tried = "All that was tried agrees" if not wrong else f"{len(wrong)} things differ"
        return "\n".join([*lines, f"{tried}; {len(left)} not tried. {self.seconds:.0f} s."])

    def as_markdown(self) -> str:
        """A page of its own."""
        parts = "\n\n".join(of_part(part) for part in self.parts)
        return f"# On a GPU\n\n{self.here.in_words()}\n\n{parts}\n\n{self.in_words()}\n"

    def as_json(self) -> str:
        """Everything, by the names of the fields."""
        whole = {
            "machine": asdict(self.here),
            "parts": [asdict(part) for part in self.parts],
            "seconds": self.seconds,
            "differs": self.differs,
        }
        return json.dumps(whole, indent=1) + "\n"


def of_part(part: Part) -> str:
    """Its title and its table."""
    lines = [f"## {part.title}"]
    if part.rows:
        rule = "|" + "---|" * len(part.head)
        rows = ["| " + " | ".join(row) + " |" for row in part.rows]
        lines += ["", "| " + " | ".join(part.head) + " |", rule, *rows]
    remarks = [*part.said, *(f"Not tried: {one}" for one in part.not_tried)]
    if remarks:
        lines += ["", *(f"- {one}" for one in remarks)]
    return "\n".join(lines)
