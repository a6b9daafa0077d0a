"""The split into training and validation images."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.data.split import split_indices
from engine.errors import DataError

LABELS = torch.arange(50_000) % 10


@pytest.mark.parametrize("stratified", [False, True])
def test_a_fifth_of_fifty_thousand_is_exactly_ten_thousand(stratified: bool) -> None:
    train, valid = split_indices(LABELS, 0.2, 0, stratified=stratified)
    assert (len(train), len(valid)) == (40_000, 10_000)
    assert torch.equal(torch.cat([train, valid]).sort().values, torch.arange(50_000))
    assert not torch.equal(train, train.sort().values), "shuffled"
    counts = torch.bincount(LABELS[valid], minlength=10)
    assert (counts == 1000).all() if stratified else (counts != 1000).any()


def test_the_split_depends_on_the_seed_alone() -> None:
    one, same, other = (split_indices(LABELS, 0.2, seed, stratified=False)[1] for seed in (3, 3, 4))
    assert torch.equal(one, same)
    assert not torch.equal(one, other)


@settings(deadline=None)
@given(st.lists(st.integers(0, 4), min_size=2, max_size=200), st.floats(0.01, 0.99), st.integers(0, 99), st.booleans())
def test_splits_are_disjoint_and_complete_and_have_the_given_size(
    labels: list[int], fraction: float, seed: int, stratified: bool
) -> None:
    y = torch.tensor(labels)
    try:
        train, valid = split_indices(y, fraction, seed, stratified=stratified)
    except DataError:
        assert round(len(labels) * fraction) in (0, len(labels))
        return
    assert sorted([*train.tolist(), *valid.tolist()]) == list(range(len(labels)))
    assert len(valid) == round(len(labels) * fraction)
    if stratified:
        for c in set(labels):
            share = int((y[valid] == c).sum()) - labels.count(c) * len(valid) / len(labels)
            assert abs(share) < 1 + 1e-9
