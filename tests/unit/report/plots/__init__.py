"""Tests of ``grader/report/plots``."""
