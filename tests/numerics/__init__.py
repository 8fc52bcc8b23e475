"""Numbers of the references against other simulators and known values, within tolerances.

BrainPy and SciPy are always there. ``test_neuron.py`` and ``test_brian2.py`` need NEURON and
Brian2, in an environment of their own (see ``CONTRIBUTING.md``), and skip without them.
"""
