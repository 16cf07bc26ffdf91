"""Between packet and PCM: codecs, jitter buffer, concealment, mixer, tones, quality; no sockets or devices."""
