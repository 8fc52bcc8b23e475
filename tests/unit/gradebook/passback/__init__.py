"""Tests of ``grader/gradebook/passback``."""
