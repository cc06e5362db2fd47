"""The braid format."""
