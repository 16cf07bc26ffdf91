"""SIP user agent: a sans-IO core, thin drivers, RTP, and the client the program sees."""
