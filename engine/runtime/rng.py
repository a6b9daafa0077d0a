"""Random numbers as a function of (seed, purpose, epoch, step).

To continue in the middle of an epoch, no generator state has to be restored: the position determines every draw.
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
    """A new generator for one purpose at one position."""
    return torch.Generator(device=device).manual_seed(derive_seed(seed, purpose, *position))


_default = threading.Lock()


@contextmanager
def seeded_default_generator(seed: int) -> Iterator[None]:
    """Seed PyTorch's default CPU generator, from which layers draw their initial weights, and restore its state at the end.

    Only one thread at a time can be within: of several networks made at once, each gets the weights for its seed.
    """
    with _default, torch.random.fork_rng(devices=[]):
        torch.default_generator.manual_seed(seed)
        yield
