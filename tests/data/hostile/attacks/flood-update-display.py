# right, last
from IPython.display import display, update_display

done("one output, changed 10,000 times")
display({"text/plain": "first"}, raw=True, display_id="grader-hostile")
for i in range(10_000):
    update_display({"text/plain": f"{i} " + "u" * 10_000}, raw=True, display_id="grader-hostile")
