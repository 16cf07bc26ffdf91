"""What the service is about: values and tables without input, output, clock or chance."""
