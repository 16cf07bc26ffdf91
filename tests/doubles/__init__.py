"""Fakes of the core's ports, shared by unit, contract and window tests."""
