"""Frozen values, transition tables and events of the program. No I/O, no clock, no chance."""
