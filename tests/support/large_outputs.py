"""Cells that put out more than anybody reads, as students write them, and notebooks of them.

    python -m tests.support.large_outputs FOLDER

writes for each kind a right notebook with that cell above its classes.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from pathlib import Path

from tests.support.project import ROOT

RIGHT = ROOT / "submissions" / "hh" / "right-plain.ipynb"
FIRST_CHANNEL = "channel-IK"

_NOISE = (
    "import io, numpy as np\nfrom PIL import Image as Bitmap\n"
    "from IPython.display import Image, display\n"
    "def png(side):\n"
    "    file = io.BytesIO()\n"
    "    noise = np.random.randint(0, 256, (side, side, 3), np.uint8)\n"
    "    Bitmap.fromarray(noise).save(file, 'PNG')\n"
    "    return file.getvalue()\n"
)
CELLS = {
    "text-in-one-line": "print('x' * 10_000_000)",
    "text-by-programs": "!yes | head -c 20000000",
    "logged-lines": (
        "import logging, sys\nlogging.basicConfig(stream=sys.stderr, level=logging.INFO)\n"
        "for i in range(100_000): logging.info('step %d of the training', i)"
    ),
    "progress": (
        "import sys\nfor i in range(100_000):\n"
        "    print(f'\\r{i / 1000:6.2f} %|' + '#' * (i // 2500), end='', flush=True)"
    ),
    "repr": "'y' * 30_000_000",
    "error": "raise ValueError('z' * 20_000_000)",
    "error-caught": (
        "try:\n    raise ValueError('z' * 20_000_000)\nexcept ValueError:\n"
        "    get_ipython().showtraceback()"
    ),
    "table": (
        "class Table:\n    def _repr_html_(self):\n"
        "        return '<table>' + '<tr><td>0.123456</td></tr>' * 1_000_000 + '</table>'\nTable()"
    ),
    "picture": _NOISE + "display(Image(png(1700)))",
    "pictures": _NOISE + "one = png(100)\nfor _ in range(2000): display(Image(one))",
    "vector-picture": (
        "from IPython.display import display\n"
        "display({'image/svg+xml': '<svg>' + '<circle/>' * 1_000_000 + '</svg>'}, raw=True)"
    ),
    "widget": (
        "kernel = get_ipython().kernel\n"
        "for kind in ('comm_open', 'comm_msg'):\n"
        "    kernel.session.send(kernel.iopub_socket, kind,\n"
        "        {'comm_id': 'c', 'target_name': 'jupyter.widget',\n"
        "         'data': {'method': 'update', 'state': {}}},\n"
        "        parent=kernel.get_parent('shell'), buffers=[bytes(20_000_000)])"
    ),
    "text-without-end": "while True: print('still running, and no end in sight')",
}
"""One cell of each kind."""


def notebook(cells: Sequence[str], file: Path) -> Path:
    """Write the right notebook with ``cells`` above the classes that are graded."""
    found = json.loads(RIGHT.read_text("utf-8"))
    place = next(i for i, cell in enumerate(found["cells"]) if cell.get("id") == FIRST_CHANNEL)
    blank = {"cell_type": "code", "metadata": {}, "outputs": [], "execution_count": None}
    found["cells"][place:place] = [
        {**blank, "id": f"large-{number}", "source": source} for number, source in enumerate(cells)
    ]
    file.write_text(json.dumps(found), "utf-8")
    return file


if __name__ == "__main__":
    folder = Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    for name, source in CELLS.items():
        notebook([source], folder / f"{name}.ipynb")
