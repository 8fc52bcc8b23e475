"""Tests of ``grader/untrusted``."""
