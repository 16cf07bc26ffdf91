"""The window of a running call."""
