"""Tests of ``grader/authoring/package``."""
