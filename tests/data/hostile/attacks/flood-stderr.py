# right, last
done("100 MB on stderr, line by line, and beside Python")
for _ in range(100_000):
    print("y" * 500, file=sys.stderr)
for _ in range(50):
    os.write(2, b"z" * 1_000_000)
