# right, last
import glob
import pwd
from pathlib import Path

MARK = b"grader-hostile-secret"  # nothing but a line with this is ever shown


def marked_part(path):
    data = Path(path).read_bytes()
    at = data.find(MARK)
    if at < 0:
        raise LookupError("nothing of ours in it")
    return data[at : at + 60]


print("ATTACK done: variables of ours:", [n for n in os.environ if n.startswith("GRADER_")])
tried(
    "GRADER_SECRET",
    lambda: os.environ["GRADER_SECRET"] if MARK.decode() in os.environ["GRADER_SECRET"] else 1 / 0,
)
for variable in (
    "/proc/1/environ",
    "/proc/self/environ",
    f"/proc/{os.getppid()}/environ",
    f"/proc/{BYSTANDER}/environ",
):
    tried(variable, lambda variable=variable: marked_part(variable))
found = []
for path in glob.glob("/proc/[0-9]*/environ") + glob.glob("/proc/[0-9]*/cmdline"):
    try:
        found.append(marked_part(path))
    except (OSError, LookupError):
        pass
tried("the environment and command line of any process", lambda: found[0])
homes = {os.path.expanduser("~"), CANARIES + "/home", *(entry.pw_dir for entry in pwd.getpwall())}
for home in sorted(homes):
    tried("the secret's file", lambda home=home: marked_part(home + "/.local/state/grader/secret"))
