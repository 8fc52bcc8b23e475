"""Tests of ``grader/cli``."""
