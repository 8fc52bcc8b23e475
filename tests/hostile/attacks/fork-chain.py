# right, last
if os.fork() == 0:
    for _ in range(150):  # each child makes the next and ends: no list of processes has them all
        marked()
        time.sleep(0.1)
        if os.fork() > 0:
            os._exit(0)
    os._exit(0)
done("150 generations of 0.1 s")
