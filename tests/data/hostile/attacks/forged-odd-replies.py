# right, first
def attack():
    kernel = get_ipython().kernel
    honest = kernel.do_execute
    arrays = ", ".join(f'"{n}": {{"shape": [1], "line": 1}}' for n in range(50_000))
    odd = ["-" * 50_000 + "1", "(" * 50_000, "[" * 50_000, "9" * 5000, "b'x'", '{"found": 1}', "\n" * 50_000,
           '{"found": true, "population": 1000000, "channels": []}', '{"maps": {%s}}\nAAAA' % arrays]  # fmt: skip
    turn = [0]

    async def strange(code, silent, store_history=True, user_expressions=None, *rest, **options):
        found = await honest(code, silent, store_history, user_expressions, *rest, **options)
        if user_expressions:
            turn[0] += 1
            words = odd[turn[0] % len(odd)]
            found["user_expressions"] = {"reply": {"status": "ok", "data": {"text/plain": words}}}
        return found

    kernel.do_execute = strange
    done("answers that break a parser")


attack()
