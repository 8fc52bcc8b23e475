# right, last
import socket

for name in ("HH.jpg", "V.png", "w.png"):
    if os.path.exists(name):
        os.unlink(name)
os.mkfifo("V.png")
try:
    socket.socket(socket.AF_UNIX).bind("w.png")
except OSError as error:
    done(f"no socket: {error}")
os.makedirs("HH.jpg")
folder = "."
for depth in range(60):
    folder += "/deep"
    os.mkdir(folder)
os.mkfifo(folder + "/n.png")
try:
    os.chmod(".", 0o000)
except OSError:
    pass
done("pipes, sockets and folders called pictures, in a folder that nobody may enter")
