"""Evaluation against the same sums made plainly."""

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from engine.data.preprocess import to_float
from engine.data.types import LabeledImages
from engine.runtime.autotune import Tuning
from engine.training import evaluate as evaluation
from engine.training.evaluate import evaluate

CLASSES = 4


class OneSided(nn.Module):
    """Sees only the left half, so that a mirror image is another image to it."""

    def __init__(self) -> None:
        super().__init__()
        self.linear = nn.Linear(3 * 32 * 16, CLASSES)

    def forward(self, x: Tensor) -> Tensor:
        return self.linear(x[..., :16].flatten(1))


def test_results_equal_those_of_one_plain_pass(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(evaluation, "BATCH_SIZE", 41)
    torch.manual_seed(0)
    images, labels = torch.randint(0, 256, (203, 3, 32, 32), dtype=torch.uint8), torch.randint(0, CLASSES, (203,))
    model = OneSided()
    before = list[tuple[int, int]]()
    data = LabeledImages(images, labels)
    got = evaluate(model, data, CLASSES, Tuning(), mirrored=True, before_batch=lambda *at: before.append(at))

    with torch.inference_mode():
        x = to_float(images)
        logits, turned = model(x), model(x.flip(3))
    assert got.loss == pytest.approx(F.cross_entropy(logits, labels).item(), rel=1e-6)
    assert got.accuracy == pytest.approx((logits.argmax(1) == labels).float().mean().item())
    assert got.tta_accuracy == pytest.approx(((logits + turned).argmax(1) == labels).float().mean().item())
    assert got.tta_accuracy != got.accuracy  # or nothing would be shown by the line above
    assert torch.allclose(got.probabilities, logits.softmax(1))
    for true in range(CLASSES):
        for predicted in range(CLASSES):
            assert got.confusion[true, predicted] == ((labels == true) & (logits.argmax(1) == predicted)).sum()
    assert before == [(i, 5) for i in range(5)]
    plain = evaluate(model, data, CLASSES, Tuning())
    assert plain.tta_accuracy is None and plain.loss == got.loss
