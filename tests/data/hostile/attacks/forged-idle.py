# right, last
kernel = get_ipython().kernel
session, parent = kernel.session, kernel.get_parent("shell")
ident = getattr(kernel, "_parent_ident", {}).get("shell") or getattr(
    kernel, "get_parent_ident", lambda *_: None
)("shell")
stream = getattr(kernel, "shell_stream", None) or getattr(kernel, "shell_socket", None)
done("says that it is ready, and goes on for a minute")
session.send(kernel.iopub_socket, "status", {"execution_state": "idle"}, parent=parent)
try:
    session.send(
        stream, "execute_reply", {"status": "ok", "execution_count": 1}, parent=parent, ident=ident
    )
except Exception as error:
    done(f"no reply could be sent: {error!r}")
began = time.time()
while time.time() - began < 60:
    try:
        time.sleep(1)
    except BaseException:
        pass
