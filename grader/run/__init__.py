"""A notebook and a sandbox give evidence: kernels, the questions to them, their replies."""
