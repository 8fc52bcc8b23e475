"""The grader as it runs here, as a wheel: made of the installed files, with no build tool."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterator
from importlib.metadata import Distribution, PackageNotFoundError, distribution
from pathlib import Path

from grader import __version__
from grader.authoring.package.zip_files import zip_files

WHEEL_NAME = f"grader-{__version__}-py3-none-any.whl"
_INFO = f"grader-{__version__}.dist-info"
_WHEEL = "Wheel-Version: 1.0\nGenerator: grader\nRoot-Is-Purelib: true\nTag: py3-none-any\n"


class NotInstalled(Exception):
    """Raised where this grader was not installed, so that nothing tells what it needs."""


def installed_grader() -> Distribution:
    """Return what pip knows of the grader. Raises ``NotInstalled``."""
    try:
        return distribution("grader")
    except PackageNotFoundError:
        raise NotInstalled from None


def build_wheel() -> bytes:
    """Return the wheel ``WHEEL_NAME``. Raises ``NotInstalled``."""
    about = installed_grader()
    files = dict(_package())
    for name in ("METADATA", "entry_points.txt"):
        files[f"{_INFO}/{name}"] = (about.read_text(name) or "").encode()
    files[f"{_INFO}/WHEEL"] = _WHEEL.encode()
    record = [f"{name},sha256={_digest(data)},{len(data)}\n" for name, data in files.items()]
    files[f"{_INFO}/RECORD"] = "".join([*record, f"{_INFO}/RECORD,,\n"]).encode()
    return zip_files(files)


def _package() -> Iterator[tuple[str, bytes]]:
    root = Path(__file__).resolve().parents[2]
    for file in sorted(root.rglob("*")):
        inside = file.relative_to(root.parent)
        if file.is_file() and "__pycache__" not in inside.parts and not file.name.startswith("."):
            yield inside.as_posix(), file.read_bytes()


def _digest(data: bytes) -> str:
    """As RECORD has it (PEP 376, PEP 427)."""
    return base64.urlsafe_b64encode(hashlib.sha256(data).digest()).decode().rstrip("=")
