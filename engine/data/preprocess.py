"""Images as networks take them."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional as F


def to_float(images: Tensor, memory_format: torch.memory_format = torch.contiguous_format, size: int = 0) -> Tensor:
    """uint8 0 to 255 as float32 in [-1, 1]: the tutorial's `ToTensor` and `Normalize(0.5, 0.5)` in one step.

    Args:
        images: uint8 (N, 3, H, W).
        memory_format: of the result.
        size: side in pixels to scale the images down to, bilinearly with antialiasing; 0 leaves them as they are.
    """
    scaled = images.to(torch.float32, memory_format=memory_format).mul_(1 / 127.5).sub_(1.0)
    if size and size != images.shape[-1]:
        scaled = F.interpolate(scaled, size=(size, size), mode="bilinear", antialias=True)
        scaled = scaled.contiguous(memory_format=memory_format)
    return scaled
