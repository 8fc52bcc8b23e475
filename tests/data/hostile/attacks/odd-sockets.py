# right, last
import socket

for name, family, kind, protocol in (
    ("vsock", 40, socket.SOCK_STREAM, 0),
    ("packet", 17, socket.SOCK_RAW, 0),
    ("raw", socket.AF_INET, socket.SOCK_RAW, 1),
    ("alg", 38, socket.SOCK_SEQPACKET, 0),
    ("bluetooth", 31, socket.SOCK_RAW, 1),
    ("can", 29, socket.SOCK_RAW, 1),
    ("tipc", 30, socket.SOCK_STREAM, 0),
    ("xdp", 44, socket.SOCK_RAW, 0),
):
    tried(name, lambda f=family, k=kind, p=protocol: socket.socket(f, k, p).close())
try:
    with socket.socket(16, socket.SOCK_RAW, 0) as link:  # what interfaces are there
        link.settimeout(2)
        link.bind((0, 0))
        link.send(bytes.fromhex("1400000012000103000000000000000000000000"))
        print("ATTACK done: netlink answers with", len(link.recv(65536)), "bytes")
except OSError as error:
    print("ATTACK refused: netlink", error.errno)
