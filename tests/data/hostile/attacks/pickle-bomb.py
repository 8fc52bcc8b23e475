# right, last
def attack():
    import base64
    import pickle

    from IPython.display import display

    class Bomb:
        def __reduce__(self):
            return os.mkdir, (CANARIES + "/grader-hostile-unpickled",)

        def _repr_mimebundle_(self, **_):
            bomb = pickle.dumps(self)
            return {
                "text/plain": "bomb",
                "application/x-python-pickle": base64.b64encode(bomb).decode(),
            }

    with open("V.png", "wb") as file:
        file.write(pickle.dumps(Bomb()))
    array = np.empty(1, dtype=object)
    array[0] = Bomb()
    with open("evidence.npz", "wb") as file:
        np.save(file, array, allow_pickle=True)
    display(Bomb())
    np.ascontiguousarray = lambda array, *_: pickle.dumps(Bomb())
    done("pickles that make a folder where they are opened")


attack()
