"""Coverage-guided fuzzing of everything that takes bytes from strangers; `python -m fuzz` runs it."""
