# right, last
import socket

QUESTION = (
    bytes.fromhex("000001000001000000000000") + b"\x0egrader-hostile\x07invalid\x00\x00\x01\x00\x01"
)


def send(data):
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as one:
        one.sendto(data, ("127.0.0.1", PORT))
        raise InterruptedError("sent; whether it came the listener tells")


tried("UDP", lambda: send(b"grader-hostile"))
tried("a question to a name server", lambda: send(QUESTION))
