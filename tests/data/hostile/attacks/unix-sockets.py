# right, last
import socket


def connect(address, kind=socket.SOCK_STREAM):
    with socket.socket(socket.AF_UNIX, kind) as one:
        one.settimeout(2)
        one.connect(address)
        one.send(b"grader-hostile")


tried("a Unix socket by its path", lambda: connect(CANARIES + "/grader-hostile.sock"))
tried("an abstract one", lambda: connect(f"\0grader-hostile-{PORT}"))
tried(
    "an abstract one of datagrams",
    lambda: connect(f"\0grader-hostile-{PORT}-datagrams", socket.SOCK_DGRAM),
)
