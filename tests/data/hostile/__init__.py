"""Notebooks that attack the grader: what builds them, and what must come of each."""
