"""Tests of ``grader/submission/cells``."""
