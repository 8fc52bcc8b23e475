# right, last
done("an error with 15 MB of words at the end of 900 calls")


def deep(n):
    if n == 0:
        raise ValueError("e" * 15_000_000)
    deep(n - 1)


deep(900)
