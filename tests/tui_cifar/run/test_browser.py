"""The browser: filters, orders, the cursor, pages, and another evaluation under it. No application is needed."""

from __future__ import annotations

import numpy as np
import pytest

from tests.support.results import random_results, results_of
from tui_cifar.run.browser import Browser
from tui_cifar.run.predictions import Results
from tui_cifar.run.selection import LEAST_CERTAIN, ORDERS, Selection, select


def browser_on(results: Results, selection: Selection | None = None) -> Browser:
    browser = Browser()
    browser.show(results)
    if selection is not None:
        browser.select(selection)
    return browser


def outcomes(correct: str, split: str = "test") -> Results:
    """An image of class 0 for each letter, classified correctly where it is "y"."""
    return results_of([([0.9, 0.1, 0.0] if c == "y" else [0.2, 0.8, 0.0], 0) for c in correct], split)


def test_without_results_there_is_no_image() -> None:
    browser = Browser()
    assert browser.number is None and browser.page(10).tolist() == [] and browser.class_counts("true") == []
    browser.move(5)
    browser.filter_outcome("correct")
    assert browser.number is None and browser.selection.outcome == "correct"


def test_the_first_results_are_selected_from_the_first_on() -> None:
    browser = browser_on(random_results())
    assert browser.numbers.tolist() == list(range(300)) and browser.number == 0


def test_moving_stops_at_both_ends() -> None:
    browser = browser_on(random_results(10))
    for by, place in ((3, 3), (-1, 2), (-5, 0), (99, 9), (1, 9)):
        browser.move(by)
        assert (browser.cursor, browser.number) == (place, place)
    browser.move_to(4)
    assert browser.cursor == 4


def test_a_filter_keeps_the_cursor_on_its_image() -> None:
    browser = browser_on(outcomes("ynynyn"))
    browser.move_to(3)
    browser.filter_outcome("misclassified")
    assert browser.numbers.tolist() == [1, 3, 5] and browser.number == 3
    browser.filter_outcome("correct")
    assert browser.numbers.tolist() == [0, 2, 4] and browser.number == 0, "image 3 is hidden: the first one is marked"


def test_all_drops_every_filter_but_not_the_order() -> None:
    browser = browser_on(random_results(), Selection("correct", true=1, order="loss", reverse=True))
    browser.filter_outcome("all")
    assert browser.selection == Selection(order="loss", reverse=True)


def test_orders_take_turns_and_begin_with_the_first_image() -> None:
    browser = browser_on(random_results(), Selection(reverse=True))
    seen = []
    for _ in ORDERS:
        browser.move(7)
        browser.next_order()
        seen.append(browser.selection.order)
        assert browser.cursor == 0 and not browser.selection.reverse
    assert seen == ["confidence", "loss", "margin", "number"]
    browser.reverse()
    assert browser.selection.reverse and browser.numbers[0] == 299


def test_counts_of_classes_respect_the_other_filters() -> None:
    results = random_results()
    browser = browser_on(results, Selection("misclassified", true=0, predicted=2))
    true = browser.class_counts("true")
    predicted = browser.class_counts("predicted")
    for label in range(3):
        assert true[label] == len(select(results, Selection("misclassified", true=label, predicted=2)))
        assert predicted[label] == len(select(results, Selection("misclassified", true=0, predicted=label)))


def test_going_to_a_number_drops_filters_that_hide_it() -> None:
    browser = browser_on(outcomes("yyny"), Selection("misclassified", order="confidence"))
    browser.go_to(2)
    assert browser.selection.outcome == "misclassified" and browser.number == 2
    browser.go_to(3)
    assert browser.selection == Selection(order="confidence") and browser.number == 3


@pytest.mark.parametrize(("cursor", "start", "page"), [(0, 0, [0, 1, 2, 3]), (5, 4, [4, 5, 6, 7]), (9, 8, [8, 9])])
def test_pages(cursor: int, start: int, page: list[int]) -> None:
    browser = browser_on(random_results(10))
    browser.move_to(cursor)
    assert browser.page_start(4) == start and browser.page(4).tolist() == page


def test_neighbours_in_the_order_of_the_selection() -> None:
    browser = browser_on(random_results(6), Selection(reverse=True))
    assert browser.neighbours(2) == [4, 3]
    browser.move(2)
    assert browser.neighbours(2) == [5, 4, 2, 1]


def test_newer_results_keep_the_cursor_on_its_image() -> None:
    browser = browser_on(outcomes("nynn"), Selection("misclassified"))
    browser.move_to(1)
    assert browser.number == 2
    assert browser.show(outcomes("yynn")), "the same image is still marked"
    assert browser.numbers.tolist() == [2, 3] and browser.number == 2 and browser.cursor == 0


def test_newer_results_keep_the_place_if_the_image_is_no_longer_selected() -> None:
    browser = browser_on(outcomes("nnnn"), Selection("misclassified"))
    browser.move_to(1)
    assert not browser.show(outcomes("nynn"))
    assert browser.numbers.tolist() == [0, 2, 3] and (browser.cursor, browser.number) == (1, 2)
    browser.move_to(2)
    assert not browser.show(outcomes("yyny"))
    assert browser.number == 2, "there are fewer images than before: the last one"


def test_each_split_remembers_its_image() -> None:
    test, valid = outcomes("yyyy"), outcomes("nnnnnn", "valid")
    browser = browser_on(test)
    browser.move_to(3)
    assert not browser.show(valid) and browser.number == 0
    browser.move_to(5)
    assert not browser.show(outcomes("yynn")) and browser.number == 3
    assert not browser.show(outcomes("nnnnnn", "valid")) and browser.number == 5


def test_the_same_results_change_nothing() -> None:
    results = random_results()
    browser = browser_on(results, LEAST_CERTAIN)
    browser.move_to(7)
    numbers = browser.numbers
    assert browser.show(results) and browser.numbers is numbers and browser.cursor == 7


def test_results_that_are_gone_leave_nothing() -> None:
    browser = browser_on(random_results())
    assert not browser.show(None)
    assert browser.number is None and np.array_equal(browser.numbers, [])
