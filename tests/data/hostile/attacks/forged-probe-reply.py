# wrong, last and first
def attack():
    import json

    kernel = get_ipython().kernel
    honest = kernel.do_execute
    right = {"IK": (-77.0, 36.0), "INa": (50.0, 120.0), "IL": (-54.39, 0.03)}

    async def forged(code, silent, store_history=True, user_expressions=None, *rest, **options):
        """Let the probe run, and change what it found."""
        found = await honest(code, silent, store_history, user_expressions, *rest, **options)
        try:
            shown = found["user_expressions"]["reply"]["data"]
            head, *arrays = shown["text/plain"].split("\n")
            reply = json.loads(head)
            for channel in reply.get("channels", ()):
                E, g_max = right[channel["name"]]
                channel["parameters"] = channel["measured"] = {"E": E, "g_max": g_max}
            shown["text/plain"] = "\n".join([json.dumps(reply), *arrays])
        except Exception:
            pass
        return found

    kernel.do_execute = forged
    done("the kernel changes what the probe found")


attack()
