"""Whole classes, graded by the command as a teacher starts it: minutes of two processors.

The fixture ``corpus`` is the labelled samples of every assignment, graded once for all.
``test_cluster.py`` and ``test_term.py`` start a Dask scheduler and workers on loopback.
"""
