"""Codecs: Opus by ctypes, G.722 by PyAV, G.711 by table; found by their SDP name in `registry`."""
