"""Real peers and surroundings for tests, all on this machine alone: servers, phones, a browser, names and
certificates, a keyring, sound, a screen, a disk; and what measures that which came through."""
