"""The terminal: driver, painting, signals, capture, capabilities."""
