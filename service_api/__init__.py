"""Wire types shared by the program and the company service: values to JSON and back, nothing else."""
