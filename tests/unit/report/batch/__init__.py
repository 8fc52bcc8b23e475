"""Tests of ``grader/report/batch``."""
