"""Tests of ``grader/grading``."""
