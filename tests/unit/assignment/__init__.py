"""Tests of ``grader/assignment``."""
