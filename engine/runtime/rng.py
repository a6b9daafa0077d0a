"""Random numbers as functions of position: (seed, purpose, epoch, step) alone decides what is drawn.

Nothing has to be saved to go on in the middle of an epoch: the position restores every draw.
"""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import torch


def derive_seed(seed: int, purpose: str, *position: int) -> int:
    """A 63-bit seed for one purpose ("order", "augment", "dropout", …) at one position."""
    key = f"{seed}/{purpose}/{'/'.join(map(str, position))}".encode()
    return int.from_bytes(hashlib.blake2b(key, digest_size=8).digest(), "little") >> 1


def generator(seed: int, purpose: str, *position: int, device: torch.device | str = "cpu") -> torch.Generator:
    """A fresh generator for one purpose at one position."""
    return torch.Generator(device=device).manual_seed(derive_seed(seed, purpose, *position))


_default = threading.Lock()


@contextmanager
def seeded_default_generator(seed: int) -> Iterator[None]:
    """PyTorch's own generator for the CPU, from which its layers draw their first weights: seeded, then as it was before.

    For one thread at a time: of several networks made at once, each has the weights of its seed.
    """
    with _default, torch.random.fork_rng(devices=[]):
        torch.default_generator.manual_seed(seed)
        yield
