"""Tests of ``grader/authoring/verify``."""
