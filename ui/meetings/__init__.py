"""Remote meetings: the list, the form, the way in, and the meeting's own window."""
