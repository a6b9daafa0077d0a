"""A run from its configuration to its terminal event."""
