# right, last
done("200 MB on stdout")
for _ in range(200):
    print("x" * 1_000_000)
