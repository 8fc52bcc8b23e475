# right, last
kernel = get_ipython().kernel
session, socket = kernel.session, kernel.iopub_socket
DELIMITER = b"<IDS|MSG>"
above = session.pack(kernel.get_parent("shell")["header"])
for kind in ("display_data", "stream", "comm_open"):
    for deep in (b'{"data":' * 100_000 + b"1" + b"}" * 100_000, b"[" * 200_000 + b"]" * 200_000,
                 b'{"text":' + b"9" * 5_000 + b"}", b'{"a":1e999,"b":NaN}'):  # fmt: skip
        parts = [session.pack(session.msg_header(kind)), above, b"{}", deep]
        socket.send_multipart([b"t", DELIMITER, session.sign(parts), *parts])
done("signed messages 100,000 levels deep, and numbers of 5,000 digits")
