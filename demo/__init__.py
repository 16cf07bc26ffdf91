"""A small phone system on this machine: registrar, people to call, and the tour. Only main.py starts it."""
