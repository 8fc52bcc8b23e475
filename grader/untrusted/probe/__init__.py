"""Code that runs in the student's kernel. Never imported by ``grader``: sent as text."""
