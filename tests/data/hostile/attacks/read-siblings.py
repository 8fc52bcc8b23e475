# right, last
from pathlib import Path

for place in (CANARIES + "/submissions", "..", "../..", "../../.."):
    tried(
        f"list {place}",
        lambda place=place: (
            [p.name for depth in ("", "*/") for p in Path(place).glob(depth + "*grader-hostile*")]
            or 1 / 0
        ),
    )
tried(
    "read a sibling's notebook",
    lambda: Path(CANARIES, "submissions/grader-hostile.txt").read_text(),
)
tried("read a sibling's result", lambda: Path(CANARIES, "feedback/grader-hostile.txt").read_text())
