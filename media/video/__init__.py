"""Pictures: VP8 over RTP, conversion for the screen, figures, and the time code of test pictures."""
