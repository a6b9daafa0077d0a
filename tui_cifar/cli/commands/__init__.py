"""The commands beside `train`, a module each, imported only when asked for."""
