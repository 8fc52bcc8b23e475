"""Tests of ``grader/judge``."""
