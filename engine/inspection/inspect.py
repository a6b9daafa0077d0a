"""Looking inside a network: layer table, filters, feature maps, Grad-CAM. Hooks on modules; no layer is known by name.

Nothing here changes the network: gradients are taken with respect to activations only, the mode (training or evaluation)
is put back, and no random number is drawn from PyTorch's own generators.
"""

from __future__ import annotations

import base64
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from engine.augmentation.augmenter import Augmenter
from engine.config.schema import Config
from engine.data.preprocess import to_float
from engine.errors import DataError, EngineError
from engine.events.commands import InspectImage
from engine.events.types import InspectionFailed, LayerDescribed
from engine.inspection.types import FeatureMaps, ImageInspected, Inspection

DRAWS = 14
"""How many augmented versions of an image are shown."""
MAX_MAPS = 64
"""Feature maps kept of a layer."""
MAPPED = 10
"""Classes for which it is told where the network looked, the likeliest."""


@contextmanager
def _evaluating(model: nn.Module) -> Iterator[None]:
    """The network in evaluation mode: BatchNorm's running means stay as they are, dropout draws nothing."""
    modes = [(module, module.training) for module in model.modules()]
    model.eval()
    try:
        yield
    finally:
        for module, training in modes:
            module.training = training


@contextmanager
def _hooked(model: nn.Module, hook: Callable[[str, nn.Module, Tensor, Tensor], Tensor | None]) -> Iterator[None]:
    """Calls `hook(name, module, input, output)` for each module without children, in the order in which they run."""
    with ExitStack() as handles:
        for name, module in model.named_modules():
            if next(module.children(), None) is not None:
                continue

            def call(m: nn.Module, given: Any, output: Any, name: str = name) -> Tensor | None:
                if isinstance(output, Tensor) and given and isinstance(given[0], Tensor):
                    return hook(name, m, given[0], output)
                return None

            handles.callback(module.register_forward_hook(call).remove)
        yield


def _like(model: nn.Module, shape: tuple[int, ...]) -> Tensor:
    """Zeros of `shape` where and as the network's weights are."""
    weight = next((p for p in model.parameters() if p.is_floating_point()), torch.zeros(()))
    return torch.zeros(shape, device=weight.device, dtype=weight.dtype)


def layer_table(model: nn.Module, shape: tuple[int, int, int] = (3, 32, 32)) -> tuple[LayerDescribed, ...]:
    """Each layer with its output's shape, parameters, and multiply-adds for one image.

    A multiply-add is counted for each product in a convolution or a linear layer; bias, normalization and pooling, which
    cost next to nothing beside them, count none.

    Args:
        model: takes (1, *shape); a layer that runs twice is listed twice, its parameters counted once.
    """
    layers: list[LayerDescribed] = []
    seen: set[int] = set()

    def note(name: str, module: nn.Module, given: Tensor, output: Tensor) -> None:
        parameters = 0 if id(module) in seen else sum(p.numel() for p in module.parameters(recurse=False))
        seen.add(id(module))
        layers.append(
            LayerDescribed(
                name=name or type(module).__name__,
                kind=_kind(module),
                output=tuple(output.shape[1:]),
                parameters=parameters,
                multiply_adds=_multiply_adds(module, output),
            )
        )

    with torch.no_grad(), _evaluating(model), _hooked(model, note):
        model(_like(model, (1, *shape)))
    return tuple(layers)


def _kind(module: nn.Module) -> str:
    """ "Conv2d 3x3, 3 > 16", "Linear, 1024 > 500", or the class alone."""
    name = type(module).__name__
    if isinstance(module, nn.Conv2d):
        h, w = module.kernel_size
        stride = f" /{module.stride[0]}" if module.stride[0] != 1 else ""
        return f"{name} {h}×{w}{stride}, {module.in_channels} → {module.out_channels}"
    if isinstance(module, nn.Linear):
        return f"{name}, {module.in_features:,} → {module.out_features:,}"
    if isinstance(module, (nn.MaxPool2d, nn.AvgPool2d)):
        size = module.kernel_size
        h, w = size if isinstance(size, tuple) else (size, size)
        return f"{name} {h}×{w}"
    return name


def _multiply_adds(module: nn.Module, output: Tensor) -> int:
    if isinstance(module, nn.Conv2d):
        h, w = module.kernel_size
        return output[0].numel() * (module.in_channels // module.groups) * h * w
    if isinstance(module, nn.Linear):
        return output[0].numel() * module.in_features
    return 0


def first_filters(model: nn.Module) -> np.ndarray:
    """float32 (n, h, w, 3): the filters of the first convolution; (0, 1, 1, 3) where there is none over three channels."""
    for module in model.modules():
        if isinstance(module, nn.Conv2d):
            if module.in_channels // module.groups != 3:
                break
            filters: np.ndarray = module.weight.detach().float().cpu().permute(0, 2, 3, 1).contiguous().numpy().copy()
            return filters
    return np.zeros((0, 1, 1, 3), dtype=np.float32)


def feature_maps(model: nn.Module, x: Tensor) -> tuple[FeatureMaps, ...]:
    """What each layer with an image-shaped output makes of `x`, float (1, 3, H, W); at most `MAX_MAPS` channels a layer."""
    maps: list[FeatureMaps] = []

    def note(name: str, module: nn.Module, given: Tensor, output: Tensor) -> None:
        if output.ndim == 4 and output.shape[2] * output.shape[3] > 1:
            kept = output[0, :MAX_MAPS].detach().float().cpu().contiguous().numpy().copy()
            maps.append(FeatureMaps(name or type(module).__name__, kept))

    with torch.no_grad(), _evaluating(model), _hooked(model, note):
        model(x)
    return tuple(maps)


def grad_cam(
    model: nn.Module, x: Tensor, targets: Sequence[int] | None = None, size: tuple[int, int] | None = None
) -> tuple[np.ndarray, np.ndarray, tuple[int, ...]]:
    """Where the network looked: Grad-CAM (Selvaraju et al., "Grad-CAM: Visual Explanations from Deep Networks via
    Gradient-based Localization", ICCV 2017) on the last convolution.

    Each of its feature maps is weighted by the mean gradient of the class's logit with respect to it; what is positive
    in their sum is scaled to the image's size.

    Args:
        model: its parameters get no gradients.
        x: float (1, 3, H, W), as the network takes it.
        targets: the classes; None for the `MAPPED` likeliest, the likeliest first.
        size: of the maps; None for that of `x`.

    Returns:
        A map a class, float32 (len(classes), *size) in [0, 1], each scaled on its own and all 0 where nothing speaks for
        the class; the probabilities, float32 (classes,); the classes.
    """
    last: dict[str, Tensor] = {}

    def keep(name: str, module: nn.Module, given: Tensor, output: Tensor) -> Tensor | None:
        if not isinstance(module, nn.Conv2d) or output.ndim != 4:
            return None
        last["maps"] = output
        return output.clone()  # what comes after may work in place

    size = size or (x.shape[2], x.shape[3])
    # A question may come between two batches of a validation, which runs in inference mode.
    with torch.inference_mode(False), torch.enable_grad(), _evaluating(model), _hooked(model, keep):
        logits = model(x.detach().clone().requires_grad_(True))
        if targets is None:
            targets = logits[0].detach().float().argsort(descending=True, stable=True)[:MAPPED].tolist()
        probabilities = logits[0].detach().float().softmax(0).cpu().numpy()
        if "maps" not in last:
            return np.zeros((len(targets), *size), dtype=np.float32), probabilities, tuple(targets)
        gradients = [torch.autograd.grad(logits[0, t], last["maps"], retain_graph=True)[0] for t in targets]
    maps = last["maps"].detach()
    weights = torch.cat(gradients).mean(dim=(2, 3), keepdim=True)
    # On the CPU, where this scaling is no other kernel for deterministic runs than for others.
    cams = F.relu((weights * maps).sum(1, keepdim=True)).float().cpu()
    cams = F.interpolate(cams, size=size, mode="bilinear", align_corners=False)[:, 0]
    top = cams.amax(dim=(1, 2), keepdim=True)
    cams = torch.where(top > 0, cams / top, torch.zeros_like(cams))
    return cams.numpy().astype(np.float32), probabilities, tuple(targets)


def answer(
    command: InspectImage,
    model: nn.Module,
    config: Config,
    class_names: tuple[str, ...],
    epoch: int,
    step: int,
    size: int = 0,
) -> ImageInspected | InspectionFailed:
    """Inspect the image that a command names, or say why that can't be done. The other arguments are those of `inspect`."""
    try:
        image = image_of(command)
        return ImageInspected(id=command.id, inspection=inspect(model, image, config, class_names, epoch, step, size))
    except EngineError as e:
        return InspectionFailed(id=command.id, reason=e.message)


def image_of(command: InspectImage) -> np.ndarray:
    """uint8 (32, 32, 3): the image that a command names.

    Raises:
        engine.errors.DataError: the file can't be read as an image, or the pixels are no such image.
    """
    if command.pixels is None:
        return read_image(Path(command.path or ""))
    try:
        return np.frombuffer(base64.b64decode(command.pixels), dtype=np.uint8).reshape(32, 32, 3)
    except ValueError:
        raise DataError("The pixels to inspect are not base64 of 32×32×3 bytes.") from None


def inspect(
    model: nn.Module,
    pixels: np.ndarray,
    config: Config,
    class_names: tuple[str, ...],
    epoch: int,
    step: int,
    size: int = 0,
) -> Inspection:
    """Inspect an image with the network as it is.

    Args:
        pixels: uint8 (32, 32, 3).
        epoch, step: where the network's weights come from, as in `Inspection`.
        size: side in pixels that the image is scaled to for the network, 0 for its own.
    """
    image = torch.from_numpy(np.array(pixels)).permute(2, 0, 1).unsqueeze(0)
    x = to_float(image, size=size).to(_like(model, ()))
    augmenter = Augmenter(config.augmentation, config.run.seed)
    draws = torch.cat([augmenter.example(image, i) for i in range(DRAWS)])
    cams, probabilities, mapped = grad_cam(model, x, size=(image.shape[2], image.shape[3]))
    return Inspection(
        image=pixels,
        class_names=class_names,
        probabilities=probabilities,
        epoch=epoch,
        step=step,
        network_input=to_float(image)[0].permute(1, 2, 0).contiguous().numpy(),
        draws=draws.permute(0, 2, 3, 1).contiguous().numpy(),
        cams=cams,
        cam_classes=mapped,
        maps=feature_maps(model, x),
        filters=first_filters(model),
    )


def read_image(path: Path) -> np.ndarray:
    """uint8 (32, 32, 3) of an image file, prepared exactly as the training images of a folder are.

    Raises:
        engine.errors.DataError: it is not there, or no image that Pillow reads.
    """
    from PIL import Image, UnidentifiedImageError

    from engine.data.folder import to_pixels

    try:
        with Image.open(path) as image:
            return np.ascontiguousarray(to_pixels(image).transpose(1, 2, 0))
    except UnidentifiedImageError:
        raise DataError(f"{path}: not an image that Pillow can read.") from None
    except OSError as e:
        raise DataError(f"{path}: can't read it: {e.strerror or e}.") from None
    except Exception as e:  # a damaged file makes decoders raise almost anything
        raise DataError(f"{path}: can't be decoded: {' '.join(str(e).split()) or type(e).__name__}.") from None
