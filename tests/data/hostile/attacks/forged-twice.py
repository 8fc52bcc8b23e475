# wrong, first
def attack():
    import json

    kernel = get_ipython().kernel
    honest = kernel.do_execute

    async def forged(code, silent, store_history=True, user_expressions=None, *rest, **options):
        """Let the probe run, and name each channel thirty times."""
        found = await honest(code, silent, store_history, user_expressions, *rest, **options)
        try:
            shown = found["user_expressions"]["reply"]["data"]
            head, *arrays = shown["text/plain"].split("\n")
            reply = json.loads(head)
            if "channels" in reply:
                reply["channels"] *= 30
                shown["text/plain"] = "\n".join([json.dumps(reply), *arrays])
        except Exception:
            pass
        return found

    kernel.do_execute = forged
    done("every channel is there thirty times")


attack()
