"""Protocol without input or output: takes bytes and now, returns events and datagrams."""
