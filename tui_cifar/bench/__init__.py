"""Benchmarks, one a module: `run(arguments)` measures and prints a table, or JSON."""
