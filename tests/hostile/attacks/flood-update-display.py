# right, last
from IPython.display import display, update_display

done("one output, changed 20,000 times")
display({"text/plain": "first"}, raw=True, display_id="grader-hostile")
for i in range(20_000):
    update_display({"text/plain": f"{i} " + "u" * 10_000}, raw=True, display_id="grader-hostile")
