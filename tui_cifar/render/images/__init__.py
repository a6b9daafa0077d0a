"""Images as terminal cells."""
