"""What a run computes with."""

from __future__ import annotations

from dataclasses import dataclass

import torch

from engine.runtime.autotune import Tuning


@dataclass(frozen=True, slots=True)
class Runtime:
    """A device and how it is used."""

    device: torch.device
    tuning: Tuning
    """Threads, precision and memory format, already applied."""
    machine: dict[str, str]
    """What else the last bits of a result depend on, such as the version of PyTorch."""
