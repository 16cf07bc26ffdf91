"""Sockets, name lookup and timers that drive the core."""
