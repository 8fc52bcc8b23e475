# right, last and first
def attack():
    import base64

    honest = base64.b64encode
    base64.b64encode = lambda data, *_: honest(b"\x00" * memoryview(data).nbytes)
    done("every array that leaves is zero")


attack()
