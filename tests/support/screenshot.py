"""A picture of a page, as the README shows it.

    python -m tests.support.screenshot feedback/index.html .pictures/batch.png

Needs Playwright and Chromium, as the tests of the pages do.
"""

from __future__ import annotations

import argparse
import io
from pathlib import Path

from PIL import Image
from playwright.sync_api import sync_playwright

from tests.support.browsing import CHROMIUM


def main() -> None:
    """Take it, in few colours: a page needs no more, and the file is a fifth."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("page", type=Path)
    parser.add_argument("picture", type=Path)
    parser.add_argument("--width", type=int, default=980)
    parser.add_argument("--height", type=int, default=1230, help="of the page, from its top")
    options = parser.parse_args()
    with sync_playwright() as engine:
        browser = engine.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        page = browser.new_page(viewport={"width": options.width, "height": options.height})
        page.goto(options.page.resolve().as_uri())
        for frame in page.frames:  # a notebook's cell has the page in one
            frame.wait_for_load_state("networkidle")
        taken = Image.open(io.BytesIO(page.screenshot()))
        browser.close()
    taken.convert("RGB").quantize(96).save(options.picture, optimize=True)


if __name__ == "__main__":
    main()
