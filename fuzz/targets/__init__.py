"""One module for each target: `run(data)` raises what is a finding, `seeds()` are inputs to begin with."""
