# right, last
import threading


def work(began=time.time()):
    while time.time() - began < 40:
        sum(range(10_000))


for i in range(4):
    threading.Thread(target=work, daemon=i % 2 == 0).start()
done("4 threads compute on for 40 s, half of them not as daemons")
