"""Tests of ``grader/judge/reference``."""
