"""Probe the student's model inside its own kernel.

``grader.untrusted.probe`` runs beside the student's code: it is sent into the kernel as
text and imports nothing of ``grader``. ``requests`` stays outside and builds that
text; ``replies`` reads what is said as one reads a message from a stranger.
"""
