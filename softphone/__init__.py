"""The application core: no Qt; sockets only in adapters and control."""
