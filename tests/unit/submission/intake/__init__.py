"""Tests of ``grader/submission/intake``."""
