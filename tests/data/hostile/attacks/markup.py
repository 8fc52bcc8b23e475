# right, last
from IPython.display import HTML, SVG, Javascript, Latex, Markdown, display

SCRIPT = "<script>grader_hostile()</script><img src=x onerror=grader_hostile()>"
for shown in (HTML(SCRIPT), Javascript("grader_hostile()"), Markdown(SCRIPT), Latex("$\\href{javascript:grader_hostile()}{x}$"),
              SVG("<svg xmlns='http://www.w3.org/2000/svg' onload='grader_hostile()'><script>grader_hostile()</script></svg>")):  # fmt: skip
    display(shown)
display({"text/html": SCRIPT, "image/png": "\"><script>grader_hostile()</script>", "image/svg+xml": "<svg onload=grader_hostile()>",
         "application/vnd.jupyter.widget-view+json": {"model_id": SCRIPT}, "text/plain": SCRIPT}, raw=True)  # fmt: skip
print(SCRIPT)
done("HTML, JavaScript and SVG")
