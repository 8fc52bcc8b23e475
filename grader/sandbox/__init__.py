"""Sandboxes: a stranger's notebook runs in a box, a confined fork of a warm process.

``detect`` finds out which sandbox works here, ``warm_process`` starts the warm process,
``kernel_manager`` is nbclient's seam, ``provisioner`` one box from its request to its end,
``watchdog`` ends what grows too large, ``disk_usage`` counts and removes files. ``bwrap`` and
``paths`` are pure. ``grader.untrusted.box`` runs inside and imports nothing from here.
"""


class SandboxError(Exception):
    """The box could not be made, or broke. Never the fault of a submission."""
