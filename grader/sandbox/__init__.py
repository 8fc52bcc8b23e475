"""The box: a stranger's notebook runs in a fork of a warm process, shut in.

``choose`` finds out which sandbox works here, ``warm`` starts the warm process,
``manager`` is nbclient's seam, ``provisioner`` one box from its request to its end,
``watch`` ends what grows too large, ``disk`` counts and removes files. ``bwrap`` and
``places`` are pure. What runs inside stands in ``inside`` and imports nothing from here.
"""


class BoxFailed(Exception):
    """The box could not be made, or broke. Never the fault of a submission."""
