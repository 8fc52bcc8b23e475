"""What a GPU computes, beside the CPU: one script for a machine that has one. Nothing is mocked.

python -m tests.gpu [--out FILE]
"""
