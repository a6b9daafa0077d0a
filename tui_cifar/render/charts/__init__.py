"""Curves and matrices as terminal cells."""
