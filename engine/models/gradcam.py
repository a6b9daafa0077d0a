"""Where a network looks: the feature maps of its layers, and Grad-CAM.

Gradients are taken with respect to activations only, so the network's parameters get none.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from engine.models.probing import evaluation_mode, leaf_hooks

MAX_MAPS = 64
"""Channels kept of a layer's feature maps."""
MAX_CLASSES = 10
"""Classes that Grad-CAM explains, the most likely ones."""


def feature_maps(model: nn.Module, x: Tensor) -> list[tuple[str, np.ndarray]]:
    """The activations of every layer with a spatial output, in the order in which the layers run.

    Args:
        model: any network.
        x: float (1, 3, H, W), as the network takes it.

    Returns:
        (name of the layer, float32 (channels, height, width)) each, at most `MAX_MAPS` channels.
    """
    maps: list[tuple[str, np.ndarray]] = []

    def note(name: str, module: nn.Module, given: Tensor, output: Tensor) -> None:
        if output.ndim == 4 and output.shape[2] * output.shape[3] > 1:
            kept = output[0, :MAX_MAPS].detach().float().cpu().contiguous().numpy().copy()
            maps.append((name or type(module).__name__, kept))

    with torch.no_grad(), evaluation_mode(model), leaf_hooks(model, note):
        model(x)
    return maps


def grad_cam(
    model: nn.Module, x: Tensor, targets: Sequence[int] | None = None, size: tuple[int, int] | None = None
) -> tuple[np.ndarray, np.ndarray, tuple[int, ...]]:
    """Evidence for each class by place: Grad-CAM on the last convolution (Selvaraju et al., "Grad-CAM: Visual Explanations
    from Deep Networks via Gradient-based Localization", ICCV 2017).

    Each feature map is weighted by the mean gradient of the class's logit with respect to it; the positive part of their
    sum is scaled to the size of the image.

    Args:
        model: its parameters get no gradients.
        x: float (1, 3, H, W), as the network takes it.
        targets: class indices; None for the `MAX_CLASSES` most likely ones, the most likely first.
        size: height and width of the maps; None for those of `x`.

    Returns:
        One map per target, float32 (len(targets), *size) in [0, 1], each scaled by itself and all 0 if nothing is evidence
        for the class; the probabilities of all classes, float32 (classes,); the targets.
    """
    last: dict[str, Tensor] = {}

    def keep(name: str, module: nn.Module, given: Tensor, output: Tensor) -> Tensor | None:
        if not isinstance(module, nn.Conv2d) or output.ndim != 4:
            return None
        last["maps"] = output
        return output.clone()  # the next layer may work in place

    size = size or (x.shape[2], x.shape[3])
    # An inspection may be asked for between two batches of a validation, which runs in inference mode.
    with torch.inference_mode(False), torch.enable_grad(), evaluation_mode(model), leaf_hooks(model, keep):
        logits = model(x.detach().clone().requires_grad_(True))
        if targets is None:
            targets = logits[0].detach().float().argsort(descending=True, stable=True)[:MAX_CLASSES].tolist()
        probabilities = logits[0].detach().float().softmax(0).cpu().numpy()
        if "maps" not in last:
            return np.zeros((len(targets), *size), dtype=np.float32), probabilities, tuple(targets)
        gradients = [torch.autograd.grad(logits[0, t], last["maps"], retain_graph=True)[0] for t in targets]
    maps = last["maps"].detach()
    weights = torch.cat(gradients).mean(dim=(2, 3), keepdim=True)
    # On the CPU, where deterministic runs use the same interpolation kernel as all others.
    cams = F.relu((weights * maps).sum(1, keepdim=True)).float().cpu()
    cams = F.interpolate(cams, size=size, mode="bilinear", align_corners=False)[:, 0]
    top = cams.amax(dim=(1, 2), keepdim=True)
    cams = torch.where(top > 0, cams / top, torch.zeros_like(cams))
    return cams.numpy().astype(np.float32), probabilities, tuple(targets)
