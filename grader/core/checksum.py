"""A mark on stored JSON by which its reader sees that it is as it was written."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Any, Final

SEAL: Final = "seal"


def with_checksum(table: Mapping[str, Any]) -> dict[str, Any]:
    """Return ``table`` with a digest of the rest as its last key."""
    return {**table, SEAL: _digest(table)}


def verify_checksum(table: Mapping[str, Any]) -> bool:
    """Tell whether a table that was read is the one that got its checksum: damage and edits show.

    Whoever may write the file can make it anew: this is no signature.
    """
    rest = {key: value for key, value in table.items() if key != SEAL}
    return table.get(SEAL) == _digest(rest)


def _digest(table: Mapping[str, Any]) -> str:
    text = json.dumps(table, ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(text.encode("utf-8", "replace")).hexdigest()
