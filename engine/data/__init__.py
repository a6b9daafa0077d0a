"""Datasets: where images come from, and what is known about them."""
