"""Tests of ``grader/submission``."""
