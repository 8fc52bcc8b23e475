"""Requests and replies as text: JSON, and float64 values in base64.

A reply may be large, and each copy of it takes time. So the values of its arrays stand in lines
of their own, outside the JSON, and IPython shows the text without quotes around it.
"""

import base64
import json
import zlib

import numpy as np


def unpack(packed):
    """Decode an array of a request."""
    raw = zlib.decompress(base64.b64decode(packed["data"]))
    return np.frombuffer(raw, "<f8").reshape(packed["shape"], order="F")


def encode(reply):
    """Encode ``reply`` as lines: JSON, then the values of each array in it."""
    lines = [""]

    def line(array):
        if not isinstance(array, np.ndarray):
            raise TypeError(f"a reply holds no {type(array).__name__}")
        values = np.ascontiguousarray(array, "<f8")
        lines.append(base64.b64encode(values).decode())
        return {"shape": list(array.shape), "line": len(lines) - 1}

    lines[0] = json.dumps(reply, default=line)
    return PlainText("\n".join(lines))


class PlainText:
    """Text that IPython shows without quotes."""

    def __init__(self, text):
        self.text = text

    def _repr_mimebundle_(self, **which):
        return {"text/plain": self.text}
