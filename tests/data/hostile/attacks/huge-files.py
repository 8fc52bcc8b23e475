# right, last
def grow(name, blocks):
    with open(name, "wb") as file:
        for _ in range(blocks):
            file.write(b"f" * 1_000_000)


def sparse():
    with open("V.png", "wb") as file:
        file.write(b"\x89PNG\r\n\x1a\n")
        file.truncate(2 << 30)


for what, attempt in (
    ("300 MB in one file", lambda: grow("large.bin", 300)),
    ("2 GiB of nothing as a picture", sparse),
    ("3,000 small files", lambda: [open(f"{i}.png", "wb").close() for i in range(3000)]),
):
    try:
        attempt()
    except OSError as error:
        done(f"{what}: {error}")
    else:
        done(what)
