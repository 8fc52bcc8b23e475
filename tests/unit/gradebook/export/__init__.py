"""Tests of ``grader/gradebook/export``."""
