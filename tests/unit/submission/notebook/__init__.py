"""Tests of ``grader/submission/notebook``."""
