"""Arrays as plain data: their shape, and their float64 values in base64."""

import base64

import numpy as np


def pack(array):
    """An array as plain data."""
    array = np.ascontiguousarray(array, "<f8")
    return {"shape": list(array.shape), "data": base64.b64encode(array.tobytes()).decode()}


def unpack(packed):
    """The array that ``pack`` made plain."""
    raw = base64.b64decode(packed["data"])
    return np.frombuffer(raw, "<f8").reshape(packed["shape"])
