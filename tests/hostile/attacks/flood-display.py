# right, last
from IPython.display import display

done("20,000 outputs of 10 kB")
for i in range(20_000):
    display({"text/plain": f"{i} " + "d" * 10_000}, raw=True)
