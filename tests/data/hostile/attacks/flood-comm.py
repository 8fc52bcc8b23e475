# right, last
kernel = get_ipython().kernel
session, socket = kernel.session, kernel.iopub_socket
done("10,000 comm messages of a widget that is none")
for i in range(10_000):
    session.send(
        socket,
        "comm_open" if i % 2 == 0 else "comm_msg",
        {
            "comm_id": f"grader-hostile-{i // 2}",
            "target_name": "jupyter.widget",
            "data": {"state": {"_model_name": i, "outputs": "w" * 10_000}, "method": "update",
                     "buffer_paths": [["no", "such", "path"]]},
        },
        parent=kernel.get_parent("shell"),
        buffers=[b"b" * 1000],
    )  # fmt: skip
