"""The split into training and validation images."""

from __future__ import annotations

import torch
from torch import Tensor

from engine.errors import DataError
from engine.runtime.rng import generator


def split_indices(labels: Tensor, valid_fraction: float, seed: int, *, stratified: bool) -> tuple[Tensor, Tensor]:
    """Shuffle by `seed`, and hold out a fraction for validation.

    Args:
        labels: int64 (N,).
        valid_fraction: fraction to hold out, above 0 and below 1; 0.2 of 50,000 images is exactly 10,000.
        seed: determines which images go where.
        stratified: hold out the same fraction of every class, as nearly as whole images allow.

    Returns:
        int64 indices of the training images and of the validation images, which together are all images.

    Raises:
        DataError: one of the two would be empty.
    """
    count = len(labels)
    wanted = round(count * valid_fraction)
    if not 0 < wanted < count:
        raise DataError(
            f"valid_fraction: {valid_fraction:g} of {count} images leaves none for {'training' if wanted else 'validation'}."
        )
    order = torch.randperm(count, generator=generator(seed, "split"))
    if not stratified:
        return order[wanted:], order[:wanted]
    chosen = torch.zeros(count, dtype=torch.bool)
    sizes = torch.bincount(labels)
    exact = sizes.double() * (wanted / count)
    shares = exact.floor().long()
    # What is left by rounding down goes to the classes that lost most by it.
    for c in (exact - shares).argsort(descending=True)[: wanted - int(shares.sum())].tolist():
        shares[c] += 1
    for c, share in enumerate(shares.tolist()):
        chosen[order[labels[order] == c][:share]] = True
    return order[~chosen[order]], order[chosen[order]]
