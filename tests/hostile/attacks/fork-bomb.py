# right, last
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
