"""The engine thread with its own asyncio loop, the event bus and the one task helper."""
