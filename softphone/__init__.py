"""The application core: no Qt; sockets only in adapters and control."""

__version__ = "0.1.0"
"""The program's version, in frozen programs too."""
