"""The core's ports on the real world: keyring, disk, directory, policy, user agent, sound."""
