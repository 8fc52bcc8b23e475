"""Tests of ``grader/judge/checks``."""
