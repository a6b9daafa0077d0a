"""Imported by the server that `tests.program` forks processes from."""

from tests.program import preload

preload()
