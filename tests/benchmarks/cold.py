"""Stock nbclient, one notebook after the other, each in a fresh kernel: only the cells."""

from __future__ import annotations

import sys
import tempfile

import nbformat
from nbclient import NotebookClient


def main(files: list[str]) -> None:
    """Run every one of ``files``; what a cell raises ends nothing."""
    for file in files:
        with open(file, encoding="utf-8") as opened:
            notebook = nbformat.reads(opened.read(), as_version=4)
        with tempfile.TemporaryDirectory() as folder:
            client = NotebookClient(
                notebook,
                kernel_name="python3",
                allow_errors=True,
                timeout=600,
                resources={"metadata": {"path": folder}},
            )
            client.execute()


if __name__ == "__main__":
    main(sys.argv[1:])
