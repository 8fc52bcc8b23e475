# right, last
done("up to 150 children")
time.sleep(0.5)  # what was printed must be on its way
born, refused = 0, 0
for _ in range(150):
    try:
        child = os.fork()
    except OSError:
        refused += 1
        continue
    if child == 0:
        marked("fork-bomb")
        time.sleep(40)
        os._exit(0)
    born += 1
done(f"{born} children, {refused} refused")
