"""Tests of ``grader/sandbox``."""
