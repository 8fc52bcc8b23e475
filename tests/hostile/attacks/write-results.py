# right, last
from pathlib import Path

for name in ("feedback/grader-hostile.txt", "submissions/grader-hostile.txt", "grader-hostile-new"):
    tried(f"write {name}", lambda name=name: Path(CANARIES, name).write_text("100 points"))
tried("delete", lambda: Path(CANARIES, "feedback/grader-hostile.txt").unlink())
tried("rename", lambda: os.rename(CANARIES, CANARIES + "-moved"))
tried("mode", lambda: os.chmod(CANARIES, 0o777))
tried("times", lambda: os.utime(CANARIES))
