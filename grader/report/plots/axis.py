"""Axes: nice numbers for ticks, and how they are written."""

from __future__ import annotations

import math
from dataclasses import dataclass

_SUPERSCRIPT = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")
_MINUS = "\N{MINUS SIGN}"


@dataclass(frozen=True, slots=True)
class Axis:
    """A range of values and the ticks on it; ``low < high`` always."""

    low: float
    high: float
    ticks: tuple[float, ...]
    labels: tuple[str, ...]

    def share(self, value: float) -> float:
        """Return the place of ``value`` between ``low`` (0) and ``high`` (1)."""
        return (value - self.low) / (self.high - self.low)


def axis(low: float, high: float, count: int, pad: float = 0.0) -> Axis:
    """Make an axis over ``low`` to ``high``, widened by the share ``pad`` on each side.

    It has about ``count`` ticks at 1, 2 or 5 times a power of ten. A range of no
    width is given one.
    """
    if not high > low:
        room = max(abs(low) * 0.05, 0.5 if low else 1.0)
        low, high = low - room, high + room
    span = high - low
    low, high = low - pad * span, high + pad * span
    step = _step(high - low, count)
    first, last = math.ceil(low / step - 1e-9), math.floor(high / step + 1e-9)
    ticks = tuple(k * step for k in range(first, min(last, first + 50) + 1))
    return Axis(
        low, high, ticks, tuple(_label(tick, step, max(abs(low), abs(high))) for tick in ticks)
    )


def symmetric_axis(largest: float) -> Axis:
    """Make an axis from -D to D with ticks at -D, 0 and D, where D is at least ``largest``."""
    power = 10.0 ** math.floor(math.log10(largest))
    steps = (1.0, 1.5, 2.0, 2.5, 3.0, 4.0, 5.0, 6.0, 8.0, 10.0)
    top = next((s * power for s in steps if s * power >= largest * (1 - 1e-12)), 10.0 * power)
    ticks = (-top, 0.0, top)
    fine = 10.0 ** _exponent(top)
    fine = fine if abs(top / fine - round(top / fine)) < 1e-6 else fine / 10
    return Axis(-1.08 * top, 1.08 * top, ticks, tuple(_label(t, fine, top) for t in ticks))


def power_of_ten(exponent: int) -> str:
    """Write ten to a power as people do: 0.001, 10⁻⁶."""
    if -3 <= exponent <= 3:
        return f"{10.0**exponent:g}"
    return "10" + str(exponent).translate(_SUPERSCRIPT)


def format_number(value: float) -> str:
    """Write a measured value to four digits: −54.39, 2.1×10⁻⁵."""
    if value == 0 or not math.isfinite(value):
        return "0" if value == 0 else "NaN"
    exponent = math.floor(math.log10(abs(value)))
    if -4 <= exponent < 5:
        return f"{value:.4g}".replace("-", _MINUS)
    return _scientific(value, 2)


def _step(span: float, count: int) -> float:
    rough = span / max(count, 1)
    power = 10.0 ** math.floor(math.log10(rough))
    # Between 1, 2, 5 and 10 the nearest, by ratio.
    bounds = ((math.sqrt(2), 1.0), (math.sqrt(10), 2.0), (math.sqrt(50), 5.0))
    return next((m for bound, m in bounds if rough / power < bound), 10.0) * power


def _label(tick: float, step: float, largest: float) -> str:
    if abs(tick) < step * 1e-6:
        return "0"
    if largest >= 1e5 or largest < 1e-3:
        return _scientific(tick, max(0, _exponent(tick) - _exponent(step)) + 1)
    decimals = max(0, -_exponent(step))
    return f"{tick:.{decimals}f}".replace("-", _MINUS)


def _exponent(value: float) -> int:
    return math.floor(math.log10(abs(value)) + 1e-9)


def _scientific(value: float, digits: int) -> str:
    mantissa, _, exponent = f"{value:.{digits - 1}e}".partition("e")
    if "." in mantissa:
        mantissa = mantissa.rstrip("0").rstrip(".")
    power = "10" + str(int(exponent)).translate(_SUPERSCRIPT)
    return f"{mantissa}×{power}".replace("-", _MINUS)
