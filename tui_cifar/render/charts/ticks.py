"""Where the ticks of an axis are, and what is written at them."""

from __future__ import annotations

import math
from collections.abc import Sequence


def nice_ticks(low: float, high: float, most: int) -> list[float]:
    """At most `most` multiples of 1, 2 or 5 times a power of ten between `low` and `high`, as many as there are."""
    span = high - low
    if not span > 0 or not math.isfinite(span):
        return [low]
    power = math.floor(math.log10(span / most)) - 1
    for step in (float(f"{m}e{p}") for p in range(power, power + 4) for m in (1, 2, 5)):
        first, last = math.ceil(low / step - 1e-9), math.floor(high / step + 1e-9)
        if last - first < most:
            return [float(f"{i * step:.10g}") for i in range(first, last + 1)] or [low]
    return [low]


def log_ticks(low: float, high: float, most: int) -> list[float]:
    """At most `most` values between 10**low and 10**high, on a logarithmic scale.

    1, 2 and 5 of each power of ten, or 1 and 3, or only every first, second, third … power; even steps in a narrow range.
    """
    powers = range(math.floor(low), math.ceil(high) + 1)
    for steps in ((1, 2, 5), (1, 3), (1,)):
        ticks = [float(f"{m}e{p}") for p in powers for m in steps if low <= math.log10(m) + p <= high]
        if 3 <= len(ticks) <= most:
            return ticks
    if high - low > 2:
        step = math.ceil((high - low) / most)
        return [float(f"1e{p}") for p in range(math.ceil(low), math.floor(high) + 1, step)]
    return [t for t in nice_ticks(10**low, 10**high, most) if t > 0] or [10**low]


def whole_ticks(start: int, end: int, count: int) -> list[int]:
    """Whole epochs from `start` to `end`, about `count` of them at most."""
    step = next(s * 10**p for p in range(12) for s in (1, 2, 5) if (end - start) / (s * 10**p) <= count)
    return list(range(math.ceil(start / step) * step, end + 1, step))


def tick_labels(ticks: Sequence[float]) -> list[str]:
    """Ticks with as many decimals as they need to differ; in scientific notation where that would be long."""
    if max(map(abs, ticks), default=0.0) < 1e5 and not 0 < 100 * min(ticks) < max(ticks):
        for decimals in range(7):
            labels = [f"{t + 0.0:.{decimals}f}" for t in ticks]
            if all(abs(float(s) - t) <= 1e-6 * abs(t) for s, t in zip(labels, ticks, strict=True)):
                return labels
    return [f"{t:.4g}".replace("e-0", "e-").replace("e+0", "e").replace("e+", "e") for t in ticks]
