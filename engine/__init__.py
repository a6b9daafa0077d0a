"""The training engine: trains, validates, tests and saves. It knows PyTorch and nothing of the terminal."""
