"""Random numbers as functions of position: (seed, purpose, epoch, step) alone decides what is drawn.

Nothing has to be saved to go on in the middle of an epoch: the position restores every draw.
"""

from __future__ import annotations

import hashlib

import torch


def derive(seed: int, purpose: str, *position: int) -> int:
    """A 63-bit seed for one purpose ("order", "augment", "dropout", …) at one position."""
    key = f"{seed}/{purpose}/{'/'.join(map(str, position))}".encode()
    return int.from_bytes(hashlib.blake2b(key, digest_size=8).digest(), "little") >> 1


def generator(seed: int, purpose: str, *position: int, device: torch.device | str = "cpu") -> torch.Generator:
    """A fresh generator for one purpose at one position."""
    return torch.Generator(device=device).manual_seed(derive(seed, purpose, *position))


def seed_default(device: torch.device, seed: int, purpose: str, *position: int) -> None:
    """Set the generator that dropout draws from on `device`."""
    if device.type == "cuda":  # `torch.cuda.manual_seed` would seed the current device, which another one may be
        torch.cuda.default_generators[device.index].manual_seed(derive(seed, purpose, *position))
    else:
        torch.default_generator.manual_seed(derive(seed, purpose, *position))
