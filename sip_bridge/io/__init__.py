"""The SIP bridge's way to the network: DNS, UDP, TCP, TLS, and the driver that runs the sans-IO core."""
