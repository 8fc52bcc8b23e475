"""Tests of ``grader/report/page``."""
