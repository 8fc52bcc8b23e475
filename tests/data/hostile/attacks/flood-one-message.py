# right, last
from jupyter_client.session import Session

kernel = get_ipython().kernel
done("one output of 60 MB, past the limits of the kernel's own session")
Session.send(
    kernel.session,
    kernel.iopub_socket,
    "display_data",
    {"data": {"text/plain": "m" * 60_000_000}, "metadata": {}},
    parent=kernel.get_parent("shell"),
)
