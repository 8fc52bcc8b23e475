# wrong, first
def attack():
    import ast
    import json

    kernel = get_ipython().kernel
    honest = kernel.do_execute

    async def forged(code, silent, store_history=True, user_expressions=None, *rest, **options):
        """Let the probe run, and name each channel thirty times."""
        found = await honest(code, silent, store_history, user_expressions, *rest, **options)
        try:
            shown = found["user_expressions"]["reply"]["data"]
            reply = json.loads(ast.literal_eval(shown["text/plain"]))
            if "channels" in reply:
                reply["channels"] *= 30
                shown["text/plain"] = repr(json.dumps(reply))
        except Exception:
            pass
        return found

    kernel.do_execute = forged
    done("every channel is there thirty times")


attack()
