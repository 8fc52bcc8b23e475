# right, last
import pwd

homes = {os.path.expanduser("~"), os.environ.get("HOME", "/"), CANARIES + "/home"}
try:
    homes.add(pwd.getpwuid(os.getuid()).pw_dir)
except KeyError:
    pass
for home in sorted(homes):
    for name in ("grader-hostile.txt", ".ssh/grader-hostile"):
        tried(f"~/{name}", lambda home=home, name=name: open(f"{home}/{name}").read())
    tried("list", lambda home=home: [n for n in os.listdir(home) if "grader-hostile" in n] or 1 / 0)
