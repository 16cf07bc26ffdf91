"""The program's sign beside the clock."""
