# right, last
PICTURE = bytes.fromhex("89504e470d0a1a0a") + b"no picture"
for name in (b"<script>grader_hostile()</script>".replace(b"/", b"|") + b".png", b"\xff\xfe.png", b"a\nb.png",
             b"\xe2\x80\xae gnp.exe.png", b"'\"><img src=x onerror=grader_hostile()>.png", b"x" * 240 + b".png"):  # fmt: skip
    with open(name, "wb") as file:
        file.write(PICTURE)
done("pictures with names that are markup, or no text")
