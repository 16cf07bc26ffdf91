"""HTTP and WebSocket: who asks is found out here, what they may do is decided in the use cases."""
