"""Header, footer and tabs."""
