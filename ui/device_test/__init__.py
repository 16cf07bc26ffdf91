"""Trying microphone, speakers, ring and echo."""
