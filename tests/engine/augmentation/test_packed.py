"""Packed images."""

import pytest
import torch

from engine.augmentation.packed import pack


def test_packing_changes_only_the_memory_layout() -> None:
    images = torch.randint(0, 256, (5, 3, 8, 8), dtype=torch.uint8)
    assert torch.equal(pack(images), images)
    with pytest.raises(ValueError, match="1 channels"):
        pack(images[:, :1])
