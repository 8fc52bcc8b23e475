"""Tests of ``grader/run``."""
