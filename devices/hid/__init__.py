"""Headset buttons and lights: HID telephony, read and written through hidapi."""
