"""Files that are not what their name says, or say it in an unusual way."""

from __future__ import annotations

from typing import Any

from tests.data.samples.handout import Draft, as_file, code, filled, released, text

LOGIN_PAGE = """\
<!DOCTYPE html>
<html lang="en">
<head><meta charset="utf-8"><title>Log in to the course site</title></head>
<body>
<h1>Your session has expired</h1>
<form method="post" action="/login"><input name="user"><input name="password" type="password">
<button>Log in</button></form>
</body>
</html>
"""

R_CELL = """
V <- seq(-80, 40, by = 1)
alpha_n <- 0.01 * (V + 55) / (1 - exp(-(V + 55) / 10))
plot(V, alpha_n, type = "l")
"""

R_METADATA = {
    "kernelspec": {"display_name": "R", "language": "R", "name": "ir"},
    "language_info": {"file_extension": ".r", "mimetype": "text/x-r-source", "name": "R"},
}


def _version_3() -> dict[str, Any]:
    """The filled notebook as IPython 2 stored it: worksheets, ``input``, headings apart."""
    cells: list[dict[str, Any]] = []
    for cell in filled().cells:
        if cell.kind == "code":
            cells.append(
                {
                    "cell_type": "code",
                    "collapsed": False,
                    "input": cell.source,
                    "language": "python",
                    "metadata": {},
                    "outputs": [],
                    "prompt_number": len(cells) + 1,
                }
            )
        else:
            cells.append({"cell_type": "markdown", "metadata": {}, "source": cell.source})
    return {
        "metadata": {"name": "HH"},
        "nbformat": 3,
        "nbformat_minor": 0,
        "worksheets": [{"cells": cells, "metadata": {}}],
    }


def _ids_twice() -> dict[str, Any]:
    """The run's cell copied by a tool that keeps ids, and one id for all text cells."""
    draft = filled()
    notebook = draft.append(code("again", draft["HH-run"].source)).json()
    for cell in notebook["cells"]:
        if cell["cell_type"] == "markdown":
            cell["id"] = "text"
        elif cell["id"] == "again":
            cell["id"] = "HH-run"
    return notebook


def _no_code() -> Draft:
    draft = released()
    kept = [cell.id for cell in draft.cells if cell.kind == "markdown"]
    return draft.only(kept).append(text("excuse", "老师，我的代码在另一个文件里。"))


def _in_r() -> dict[str, Any]:
    cells = released().only(["text-00"]).append(code("rates", R_CELL))
    return cells.stripped().json() | {"metadata": R_METADATA}


def files() -> dict[str, bytes]:
    """File name to bytes."""
    whole = filled().file()
    return {
        # Unusual, but right.
        "right-ids-twice.ipynb": as_file(_ids_twice()),
        "right-bom-crlf.ipynb": b"\xef\xbb\xbf" + whole.replace(b"\n", b"\r\n"),
        "right-nbformat-3.ipynb": as_file(_version_3()),
        # Nothing to grade.
        "empty.ipynb": b"",
        "truncated.ipynb": whole[: len(whole) * 3 // 5],
        "login-page.ipynb": LOGIN_PAGE.encode(),
        "no-code-cell.ipynb": _no_code().file(),
        "R-kernel.ipynb": as_file(_in_r()),
    }
