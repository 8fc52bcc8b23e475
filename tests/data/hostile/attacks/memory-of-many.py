# right, last
for _ in range(10):
    if os.fork() == 0:
        marked("memory-of-ma")
        kept = bytearray(os.urandom(10_000)) * 3000
        time.sleep(20)
        os._exit(0)
time.sleep(2)
done("300 MB in ten processes")
