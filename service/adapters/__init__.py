"""The service's ports on the real world: HTTP, WebSocket, SQLite, password hashing."""
