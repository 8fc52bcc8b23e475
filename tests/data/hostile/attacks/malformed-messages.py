# right, last
kernel = get_ipython().kernel
session, socket, parent = kernel.session, kernel.iopub_socket, kernel.get_parent("shell")
DELIMITER = b"<IDS|MSG>"


def send(header, above, metadata, content):
    parts = [session.pack(part) for part in (header, above, metadata, content)]
    socket.send_multipart([b"topic", DELIMITER, session.sign(parts), *parts])


good = session.msg_header("stream")
above = parent["header"]
for kind in ("stream", "display_data", "execute_result", "error", "status", "clear_output",
             "update_display_data", "execute_input", "comm_open", "comm_msg", "no-such-type"):  # fmt: skip
    header = session.msg_header(kind)
    for content in ({}, [], 7, None, "text", {"data": 5, "metadata": []}, {"text": {"a": 1}},
                    {"data": {"image/png": 5, "text/plain": [1]}, "transient": 3, "metadata": {}},
                    {"name": 3, "text": None}, {"execution_state": []}, {"comm_id": {}, "data": 1},
                    {"ename": 1, "evalue": [], "traceback": 4}, {"transient": {"display_id": {}}}):  # fmt: skip
        send(header, above, {}, content)
for header in (
    {},
    [],
    7,
    None,
    {**good, "msg_id": {}},
    {**good, "date": "never"},
    {**good, "msg_type": 4},
):
    send(header, above, {}, {"name": "stdout", "text": "x"})
for wrong in ([], 7, None, {"msg_id": []}, {"msg_id": None, "date": 3}):
    send(good, wrong, {}, {"name": "stdout", "text": "x"})
    send(good, above, wrong, {"name": "stdout", "text": "x"})
done("signed messages of every wrong shape")
