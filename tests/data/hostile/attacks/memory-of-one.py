# right, last
kept = []
for _ in range(30):
    kept.append(bytearray(os.urandom(10_000)) * 1000)  # 10 MB, every page written
done("300 MB in one process")
