"""A run as the app sees it."""
