"""Tests of ``grader/core``."""
