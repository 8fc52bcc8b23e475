"""Tests of ``grader/report``."""
