"""Kernels in every case that CI relies on: whole lessons, every operator, what ends a run."""
