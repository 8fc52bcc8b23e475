# right, last
from IPython.display import display

done("10,000 outputs of 10 kB")
for i in range(10_000):
    display({"text/plain": f"{i} " + "d" * 10_000}, raw=True)
