# right, last
kernel = get_ipython().kernel
session, socket = kernel.session, kernel.iopub_socket
DELIMITER = b"<IDS|MSG>"
parts = [
    session.pack(p) for p in (session.msg_header("status"), {}, {}, {"execution_state": "idle"})
]
broken = [b"{", b"\xff\xfe", b"nonsense", b"[" * 100]
for frames in (
    [b"t", DELIMITER, b"0" * 64, *parts],  # a wrong signature
    [b"t", DELIMITER, b"", *parts],  # none
    [b"t", DELIMITER, session.sign(broken), *broken],  # no JSON
    [b"t", DELIMITER, session.sign(parts), *parts[:2]],  # too few
    [b"t", DELIMITER],
    [DELIMITER],
    [b"no delimiter"],
    [b""],
    [b"t", DELIMITER, session.sign(parts), *parts, *[b"b"] * 2000],  # 2,000 buffers
):
    for _ in range(20):
        socket.send_multipart(frames)
done("messages without a signature, without JSON, without a delimiter")
