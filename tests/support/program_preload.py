"""Imported by the server that `tests.support.program` forks processes from."""

from tests.support.program import preload

preload()
