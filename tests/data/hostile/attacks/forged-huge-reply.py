# right, first
def attack():
    kernel = get_ipython().kernel
    honest = kernel.do_execute

    async def huge(code, silent, store_history=True, user_expressions=None, *rest, **options):
        found = await honest(code, silent, store_history, user_expressions, *rest, **options)
        if user_expressions:
            words = "[" * 100_000_000
            found["user_expressions"] = {"reply": {"status": "ok", "data": {"text/plain": words}}}
        return found

    kernel.do_execute = huge
    done("every answer to the probe has 100 MB")


attack()
