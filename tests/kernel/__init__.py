"""Tests with a real Jupyter kernel: the probe, what it answers, and verdicts on what it answered.

The fixture ``solution`` is the teacher's notebook, run once for all; ``warm`` starts kernels
as forks of a warm process where a sandbox works, else cold ones.
"""
