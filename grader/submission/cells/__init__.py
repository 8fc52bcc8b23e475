"""Which cell of a notebook holds which exercise."""
