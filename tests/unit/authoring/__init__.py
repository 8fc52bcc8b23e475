"""Tests of ``grader/authoring``."""
