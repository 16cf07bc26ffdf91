"""What a user does: sign in, make calls, choose devices, look things up. No sockets, no Qt."""
