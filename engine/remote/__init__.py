"""Watching and controlling runs from other processes: the control socket of a run, its clients, and what its files say about it."""
