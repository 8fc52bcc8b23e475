"""The sample submissions: what builds them, and what is expected of the grader."""
