# right, last
import socket
import stat

for number in (
    sorted(int(n) for n in os.listdir("/proc/self/fd"))
    if os.path.isdir("/proc/self/fd")
    else range(256)
):
    try:
        kind = os.fstat(number).st_mode
    except OSError:
        continue
    if stat.S_ISDIR(kind):
        tried(
            "out of an inherited folder",
            lambda n=number: os.close(os.open("../../..", os.O_RDONLY, dir_fd=n)),
        )
    elif stat.S_ISSOCK(kind):
        copy = socket.socket(fileno=os.dup(number))
        if copy.getsockopt(socket.SOL_SOCKET, socket.SO_TYPE) == socket.SOCK_SEQPACKET:
            tried("the host's own socket", lambda c=copy: c.send(b"", socket.MSG_DONTWAIT) and None)
        copy.close()
    elif stat.S_ISFIFO(kind) and number > 2:
        try:
            os.set_blocking(number, False)
            os.write(number, b"done")  # what a client says when it is done
        except OSError:
            pass
done("looked at every descriptor that it has")
