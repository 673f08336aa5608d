"""Short scripts in reading order; `python -m examples` runs them all."""
