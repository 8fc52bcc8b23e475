# wrong, first
def attack():
    import json

    kernel = get_ipython().kernel
    session, parent = kernel.session, kernel.get_parent("shell")
    ident = getattr(kernel, "_parent_ident", {}).get("shell")
    stream = getattr(kernel, "shell_stream", None) or getattr(kernel, "shell_socket", None)
    right = {"IK": (-77.0, 36.0), "INa": (50.0, 120.0), "IL": (-54.39, 0.03)}
    look = {
        "found": True, "class_name": "HH", "lineage": ["CondNeuGroup"], "population": 2, "faults": [],
        "channels": [
            {"name": name, "kind": "channel", "type_name": name, "from_notebook": True,
             "lineage": ["IonChannel"], "master_types": ["HHTypedNeuron"], "integrated": True,
             "parameters": {"E": E, "g_max": g}, "measured": {"E": E, "g_max": g},
             "states": {"IK": ["n"], "INa": ["m", "h"], "IL": []}[name]}
            for name, (E, g) in right.items()
        ],
    }  # fmt: skip
    base, _, number = parent["header"]["msg_id"].rpartition("_")

    def forge():
        for ahead in range(1, 9):
            header = dict(parent["header"], msg_id=f"{base}_{int(number) + ahead}")
            session.send(
                stream,
                "execute_reply",
                {"status": "ok", "execution_count": 1, "payload": [], "user_expressions": {
                    "reply": {"status": "ok", "metadata": {}, "data": {"text/plain": json.dumps(look)}}}},
                parent={"header": header}, ident=ident,
            )  # fmt: skip
            session.send(
                kernel.iopub_socket,
                "status",
                {"execution_state": "idle"},
                parent={"header": header},
            )

    try:
        forge()
    except Exception as error:
        done(f"no reply could be sent: {error!r}")
    else:
        done("answered the next eight requests before they came")
    send = session.send

    def twice(stream, kind, *arguments, **options):
        """Before each true reply, answer what comes next."""
        nonlocal number
        if kind == "execute_reply":
            number = options.get("parent", arguments[1] if len(arguments) > 1 else parent)[
                "header"
            ]["msg_id"].rpartition("_")[2]
            sent = send(stream, kind, *arguments, **options)
            session.send = send
            try:
                forge()
            finally:
                session.send = twice
            return sent
        return send(stream, kind, *arguments, **options)

    session.send = twice


attack()
