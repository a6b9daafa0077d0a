"""The engine does the same mathematics as the plain reference loop of the benchmarks."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from torch.nn import functional as F
from torchvision import transforms

from engine.config.schema import Config
from engine.data.registry import load_dataset
from engine.data.split import split_indices
from engine.data.types import Report
from engine.events.types import LossSampled
from engine.models.registry import make_model
from engine.runtime import rng as seeds
from tests.support.runs import train
from tui_cifar.bench.support.reference import Net, PILImages


def test_fed_the_same_batches_engine_and_reference_agree_in_loss(quick: Callable[..., Config], tmp_path: Path) -> None:
    config = quick(epochs=1, flip="off", rotation=0.0, dropout=0.0)
    told = [e.train_loss for e in train(config).of(LossSampled)]

    data = load_dataset(config.data.dataset, data_dir=tmp_path, cache_dir=tmp_path / "cache", report=Report())
    scale = transforms.Compose([transforms.ToTensor(), transforms.Normalize((0.5,) * 3, (0.5,) * 3)])
    images = PILImages(data.train, scale)
    indices, _ = split_indices(data.train.labels, config.data.valid_fraction, config.run.seed, stratified=False)
    order = torch.randperm(len(indices), generator=seeds.generator(config.run.seed, "order", 1))
    model = Net(len(data.class_names))
    model.load_state_dict(make_model(config.model, len(data.class_names), config.run.seed).state_dict())
    model.dropout.p = 0.0
    optimizer = torch.optim.SGD(model.parameters(), lr=config.optimizer.options.lr)
    losses = []
    for batch in indices[order].split(config.run.batch_size):
        items = [images[int(i)] for i in batch]
        loss = F.cross_entropy(model(torch.stack([x for x, _ in items])), torch.tensor([y for _, y in items]))
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    assert len(told) == len(losses) == 8
    assert told == pytest.approx(losses, rel=1e-4)
