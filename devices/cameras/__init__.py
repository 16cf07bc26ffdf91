"""Cameras: registered drivers, as sound has them."""
