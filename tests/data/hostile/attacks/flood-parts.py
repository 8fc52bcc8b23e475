# right, last
import socket
import stat

PART = b"\x03" + (7_000_000).to_bytes(8, "big") + b"p" * 7_000_000  # "there is more to come"
done("a message of 160 parts of 7 MB that does not end")
time.sleep(0.5)  # what was printed must be on its way
for number in range(3, 256):
    try:
        if stat.S_ISSOCK(os.fstat(number).st_mode):
            one = socket.socket(fileno=os.dup(number))
            if one.getsockname() and one.getpeername() is not None:  # a channel of the kernel
                one.settimeout(2)
                for _ in range(160):
                    one.sendall(PART)
                break
    except OSError:
        pass
time.sleep(1)
