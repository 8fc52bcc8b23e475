"""Tests of ``grader/gradebook``."""
