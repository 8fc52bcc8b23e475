# right, last
def answer(content):
    """Answer the cell that is running, in its kernel's name."""
    kernel = get_ipython().kernel
    session, parent = kernel.session, kernel.get_parent("shell")
    stream = getattr(kernel, "shell_stream", None) or getattr(kernel, "shell_socket", None)
    ident = getattr(kernel, "_parent_ident", {}).get("shell")
    session.send(stream, "execute_reply", content, parent=parent, ident=ident)
    session.send(kernel.iopub_socket, "status", {"execution_state": "idle"}, parent=parent)


done("says that it failed, with a number for a traceback")
answer({"status": "error", "ename": "E", "evalue": "v", "traceback": 5})
time.sleep(2)
