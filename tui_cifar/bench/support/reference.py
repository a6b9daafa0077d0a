"""The reference that benchmarks compare with: the tutorial as its reader would write it.

torchvision's transforms on PIL images, `DataLoader(batch_size=20, num_workers=0)`, the tutorial's network in its own
order of layers, `.item()` at every step. Run it in a process of its own::

    python -m tui_cifar.bench.support.reference --dataset shapes --seconds 5
    python -m tui_cifar.bench.support.reference --dataset IMAGES --target 0.723

Prints one JSON object.
"""

from __future__ import annotations

import argparse
import json
import time
from pathlib import Path
from typing import Any

import numpy as np
import torch
from PIL import Image
from torch import nn
from torch.nn import functional as F
from torch.utils.data import DataLoader, Dataset, SubsetRandomSampler
from torchvision import transforms

from engine.data.registry import default_data_dir, load_dataset
from engine.data.types import LabeledImages, Report
from engine.runtime.device import choose_device


class PILImages(Dataset[Any]):
    """Images one by one, as torchvision's `CIFAR10` returns them."""

    def __init__(self, images: LabeledImages, transform: Any) -> None:
        self.data: np.ndarray = images.images.permute(0, 2, 3, 1).contiguous().numpy()
        self.targets: list[int] = images.labels.tolist()
        self.transform = transform

    def __len__(self) -> int:
        return len(self.targets)

    def __getitem__(self, index: int) -> tuple[Any, int]:
        return self.transform(Image.fromarray(self.data[index])), self.targets[index]


class Net(nn.Module):
    """The tutorial's network as the tutorial writes it."""

    def __init__(self, classes: int) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(3, 16, 3, padding=1)
        self.conv2 = nn.Conv2d(16, 32, 3, padding=1)
        self.conv3 = nn.Conv2d(32, 64, 3, padding=1)
        self.pool = nn.MaxPool2d(2, 2)
        self.fc1 = nn.Linear(64 * 4 * 4, 500)
        self.fc2 = nn.Linear(500, classes)
        self.dropout = nn.Dropout(0.25)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Logits (N, classes) of (N, 3, 32, 32)."""
        x = self.pool(F.relu(self.conv1(x)))
        x = self.pool(F.relu(self.conv2(x)))
        x = self.pool(F.relu(self.conv3(x)))
        x = x.view(-1, 64 * 4 * 4)
        x = self.dropout(x)
        x = F.relu(self.fc1(x))
        x = self.dropout(x)
        out: torch.Tensor = self.fc2(x)
        return out


def main() -> None:
    """Train for some seconds, or until the validation accuracy reaches a target, and print the figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--dataset", default="shapes")
    parser.add_argument("--runs-dir", default="runs", help="where decoded images are kept")
    parser.add_argument("--batch-size", type=int, default=20)
    parser.add_argument("--device", default="auto")
    parser.add_argument("--threads", type=int, default=0, help="0 for PyTorch's own choice")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--seconds", type=float, default=0.0)
    parser.add_argument("--target", type=float, default=2.0)
    parser.add_argument("--epochs", type=int, default=20)
    a = parser.parse_args()
    if a.threads:
        torch.set_num_threads(a.threads)
    torch.manual_seed(a.seed)
    device = choose_device(a.device).device
    start = time.perf_counter()
    data = load_dataset(a.dataset, data_dir=default_data_dir(), cache_dir=Path(a.runs_dir) / ".cache", report=Report())
    to_tensor = [transforms.ToTensor(), transforms.Normalize((0.5, 0.5, 0.5), (0.5, 0.5, 0.5))]
    augmented = transforms.Compose([transforms.RandomHorizontalFlip(), transforms.RandomRotation(10), *to_tensor])
    clean = transforms.Compose(to_tensor)
    indices = np.random.RandomState(a.seed).permutation(len(data.train)).tolist()
    split = len(indices) // 5
    train = DataLoader(
        PILImages(data.train, augmented), a.batch_size, sampler=SubsetRandomSampler(indices[split:]), num_workers=0
    )
    valid = DataLoader(
        PILImages(data.train, clean), a.batch_size, sampler=SubsetRandomSampler(indices[:split]), num_workers=0
    )
    test = DataLoader(PILImages(data.test, clean), a.batch_size, num_workers=0)
    model = Net(len(data.class_names)).to(device)
    criterion = nn.CrossEntropyLoss()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.01)

    def accuracy(loader: DataLoader[Any]) -> float:
        model.eval()
        correct = count = 0
        with torch.no_grad():
            for x, y in loader:
                correct += (model(x.to(device)).argmax(1) == y.to(device)).sum().item()
                count += len(y)
        model.train()
        return correct / count

    warm, images, began, loss_sum = 10, 0, time.perf_counter(), 0.0
    trained = 0
    while trained < a.epochs:
        for x, y in train:
            x, y = x.to(device), y.to(device)
            optimizer.zero_grad()
            loss = criterion(model(x), y)
            loss.backward()
            optimizer.step()
            loss_sum += loss.item() * len(y)
            if warm:  # the first steps compile kernels and start threads
                warm -= 1
                images, began = 0, time.perf_counter()
                continue
            images += len(y)
            if a.seconds and time.perf_counter() - began >= a.seconds:
                print(json.dumps({"images_per_second": images / (time.perf_counter() - began)}))
                return
        trained += 1
        if not a.seconds and (valid_accuracy := accuracy(valid)) >= a.target:
            break
    if not a.seconds:
        seconds = time.perf_counter() - start
        print(
            json.dumps(
                {
                    "reached": valid_accuracy >= a.target,
                    "seconds": seconds,
                    "epochs": trained,
                    "valid_accuracy": valid_accuracy,
                    "test_accuracy": accuracy(test),
                }
            )
        )


if __name__ == "__main__":
    main()
