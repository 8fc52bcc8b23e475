# right, last
if os.fork() == 0:
    for _ in range(150):  # each child makes the next and ends: no list of processes has them all
        marked("fork-chain")
        time.sleep(0.25)
        if os.fork() > 0:
            os._exit(0)
    os._exit(0)
done("150 generations of 0.25 s")
