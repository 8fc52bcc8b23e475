# right, last
if os.fork() == 0:
    os.setsid()
    marked("daemon-that-")
    for i in range(400):
        try:
            os.write(1, b"still here\n")
            with open("V.png", "wb") as file:
                file.write(b"x" * 1000)
        except OSError:
            pass
        time.sleep(0.1)
    os._exit(0)
done("a child that holds the kernel's sockets and goes on writing")
