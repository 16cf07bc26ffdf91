"""Between packet and PCM: codecs, jitter buffer, mixer, tones, quality; no sockets or devices."""
