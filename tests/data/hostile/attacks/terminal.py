# right, last
import fcntl

TIOCSTI = 0x5412


def push(path):
    terminal = os.open(path, os.O_RDWR | os.O_NOCTTY) if isinstance(path, str) else path
    fcntl.ioctl(terminal, TIOCSTI, b" ")


for path in (0, 1, 2, "/dev/tty"):
    tried(f"type into {path}", lambda path=path: push(path))
