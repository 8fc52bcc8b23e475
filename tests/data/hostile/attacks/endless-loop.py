# right, last
began = time.time()
done("a loop that ignores every interrupt")
while time.time() - began < 60:
    try:
        while time.time() - began < 60:
            pass
    except BaseException:
        pass
