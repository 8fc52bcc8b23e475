"""The secret that stimuli are drawn from: nobody without it can know them.

It lies in GRADER_SECRET, else in a file of the user's that is made at first use. The
same secret, submission and assignment give the same stimuli; ``--seed`` repeats one.
"""

from __future__ import annotations

import contextlib
import os
import secrets
import tempfile
from pathlib import Path

from platformdirs import user_state_path

_BYTES = 32


def load_secret() -> bytes:
    """Read the secret, made when there is none yet (readable by its owner only)."""
    if given := os.environ.get("GRADER_SECRET"):
        return given.encode()
    file = user_state_path("grader") / "secret"
    try:
        return _read(file)
    except FileNotFoundError:
        pass
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile("w", dir=file.parent, prefix="secret-") as made:
            made.write(secrets.token_hex(_BYTES))
            made.flush()
            with contextlib.suppress(FileExistsError):  # another grader was quicker
                os.link(made.name, file)
    except OSError:  # no home to write to, as in a bare container: good for this run
        return secrets.token_bytes(_BYTES)
    return _read(file)


def _read(file: Path) -> bytes:
    """Read a secret. Raises ``ValueError`` for none: from an empty one all stimuli would follow."""
    found = bytes.fromhex(file.read_text().strip())
    if len(found) < _BYTES:
        raise ValueError(f"{file} holds no secret; remove it, and a new one is made")
    return found
