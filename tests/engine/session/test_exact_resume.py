"""A run with any settings, stopped anywhere and resumed, equals an uninterrupted one bit for bit."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings

from tests.support.exact_resume import STOPS, check, configurations

SUPPRESSED = [HealthCheck.function_scoped_fixture, HealthCheck.too_slow]


@settings(
    max_examples=3,
    deadline=None,
    derandomize=True,
    suppress_health_check=SUPPRESSED,
    phases=[Phase.explicit, Phase.generate],
)
@given(configurations(), STOPS)
def test_a_run_stopped_anywhere_several_times_equals_an_uninterrupted_one(
    image_folder: Path, tmp_path: Path, values: dict[str, Any], stops: list[int]
) -> None:
    check(image_folder, tmp_path, values, stops)


@pytest.mark.long
@settings(max_examples=60, deadline=None, suppress_health_check=SUPPRESSED, print_blob=True)
@given(configurations(), STOPS)
def test_many_runs_stopped_anywhere_equal_uninterrupted_ones(
    image_folder: Path, tmp_path: Path, values: dict[str, Any], stops: list[int]
) -> None:
    check(image_folder, tmp_path, values, stops)
