# right, last
from pathlib import Path

for name in ("feedback/grader-hostile.txt", "submissions/grader-hostile.txt", "grader-hostile-new"):
    tried(f"write {name}", lambda name=name: Path(CANARIES, name).write_text("100 points"))
tried("delete", lambda: Path(CANARIES, "feedback/grader-hostile.txt").unlink())
tried("rename", lambda: os.rename(CANARIES, CANARIES + "-moved"))


def changed(change):
    """A call may do nothing and say nothing: whether something is different counts."""
    before = os.stat(CANARIES)
    change()
    now = os.stat(CANARIES)
    if (now.st_mode, now.st_mtime_ns) == (before.st_mode, before.st_mtime_ns):
        raise PermissionError("nothing is different")


tried("mode", lambda: changed(lambda: os.chmod(CANARIES, 0o701)))
tried("times", lambda: changed(lambda: os.utime(CANARIES)))
