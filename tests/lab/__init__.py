"""Real peers for tests: Kamailio, baresip, sipp, a DNS server and certificates, all on loopback."""
