"""What people do at the service, on ports alone."""
