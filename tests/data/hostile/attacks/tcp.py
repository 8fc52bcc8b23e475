# right, last
import socket


def connect(family, address):
    with socket.socket(family) as one:
        one.settimeout(2)
        one.connect(address)
        one.sendall(b"grader-hostile")


tried("TCP", lambda: connect(socket.AF_INET, ("127.0.0.1", PORT)))
tried("TCP by IPv6", lambda: connect(socket.AF_INET6, ("::1", PORT)))
tried("TCP by a mapped address", lambda: connect(socket.AF_INET6, ("::ffff:127.0.0.1", PORT)))
tried(
    "TCP by MSG_FASTOPEN",
    lambda: socket.socket().sendto(b"x", 0x20000000, ("127.0.0.1", PORT)) and None,
)
