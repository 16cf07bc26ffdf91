"""The popup of an incoming call."""
