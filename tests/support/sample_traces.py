"""Traces and pictures for reports."""

from __future__ import annotations

import base64
import struct
import zlib
from functools import cache

import numpy as np

from grader.core.types import (
    Curve,
)


def png(width: int = 240, height: int = 120) -> str:
    """A valid PNG in base64, with a slope drawn in it."""
    rows = b"".join(
        b"\0" + bytes(30 if abs(x * height // width - y) < 2 else 250 for x in range(width))
        for y in range(height)
    )

    def chunk(kind: bytes, data: bytes) -> bytes:
        body = kind + data
        return struct.pack(">I", len(data)) + body + struct.pack(">I", zlib.crc32(body))

    head = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    data = b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(rows))
    return base64.b64encode(data + chunk(b"IEND", b"")).decode()


def encoded(data: bytes) -> str:
    """Bytes in base64."""
    return base64.b64encode(data).decode()


JPEG = encoded(
    b"\xff\xd8\xff\xe0\x00\x10JFIF\x00\x01\x01\x00\x00\x01\x00\x01\x00\x00"
    b"\xff\xc0\x00\x0b\x08\x00\x20\x00\x40\x01\x01\x11\x00\xff\xd9"
)


@cache
def simulate(
    g_leak: float = 0.03, steps: int = 2000, current: float = 8.0
) -> dict[str, np.ndarray]:
    """V, n, m and h of a Hodgkin-Huxley neuron by exponential Euler, every 0.1 ms."""
    V, n, m, h = -65.0, 0.32, 0.05, 0.6
    traces = {name: np.empty(steps) for name in ("V", "IK.n", "INa.m", "INa.h")}
    for step in range(steps):
        for _ in range(10):
            rates = {
                "n": (0.01 * (V + 55) / -np.expm1(-(V + 55) / 10), 0.125 * np.exp(-(V + 65) / 80)),
                "m": (0.1 * (V + 40) / -np.expm1(-(V + 40) / 10), 4 * np.exp(-(V + 65) / 18)),
                "h": (0.07 * np.exp(-(V + 65) / 20), 1 / (1 + np.exp(-(V + 35) / 10))),
            }
            gates = {"n": n, "m": m, "h": h}
            for gate, (up, down) in rates.items():
                rest = up / (up + down)
                gates[gate] = rest + (gates[gate] - rest) * np.exp(-(up + down) * 0.01)
            n, m, h = gates["n"], gates["m"], gates["h"]
            V += 0.01 * (
                current + 36 * n**4 * (-77 - V) + 120 * m**3 * h * (50 - V) + g_leak * (-54.39 - V)
            )
        for name, value in zip(traces, (V, n, m, h), strict=True):
            traces[name][step] = value
    return traces


WRONG_LEAK = 0.3
TIME = 0.1 * (1 + np.arange(2000))


def curves(student: dict[str, np.ndarray] | None) -> tuple[Curve, ...]:
    """The four curves of the homework, of a student's model or of none."""
    return tuple(
        Curve(
            label=name,
            unit="mV" if name == "V" else "",
            time=TIME,
            reference=trace,
            student=None if student is None else student[name],
        )
        for name, trace in simulate().items()
    )
