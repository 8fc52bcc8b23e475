"""Tests of ``grader/report/text``."""
