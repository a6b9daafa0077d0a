"""Text, tables and ink."""
