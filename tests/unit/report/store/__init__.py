"""Tests of ``grader/report/store``."""
