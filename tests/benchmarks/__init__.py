"""How fast the grader is, beside cold runs of the same notebooks. No test, no time asserted.

python -m tests.benchmarks [--help]
"""
