# right, last
from IPython.display import display

# What a parser follows on its stack, and what a writer does, are not equally deep.
for levels in range(400, 488, 2):
    nested = 1
    for _ in range(levels):
        nested = {"a": nested}
    display({"application/json": nested, "text/plain": "x"}, metadata={"a": nested}, raw=True)
    display({"application/json": nested}, raw=True, display_id="grader-hostile")
    display({"text/plain": "x"}, raw=True)
done("outputs of 400 to 486 levels")
