"""Tests of ``grader/authoring/release``."""
