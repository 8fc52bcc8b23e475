"""The tests; a folder's own docstring says what its tests need, `support/tiers.py` when they run.

unit        mirrors ``grader/``: no kernel, no sandbox, no browser
numerics    the references against other simulators, by hand and by tolerance
kernel      with a real Jupyter kernel
sandbox     with real sandboxes: their promises and limits, hostile notebooks, containers
batch       whole classes: samples with labels, going on, a cluster, a term
platforms   with what grading meets outside: a browser, a platform's server, installed bundles
support     modules that several tests use
data        sample submissions, hostile notebooks, schemas, and tests that they are in order

``python -m tests.benchmarks``, ``tests.gpu``, ``tests.mutations`` and ``tests.compare_commits`` are
tools with tests of their own; `CONTRIBUTING.md` says what each is for.
"""
