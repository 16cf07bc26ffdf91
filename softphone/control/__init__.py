"""Control from outside: JSON lines over a socket only this user can reach, and the command line for it."""
