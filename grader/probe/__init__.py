"""Looking at the student's model inside its own kernel.

``inside`` is what runs beside the student's code: it is sent into the kernel as
text and imports nothing of ``grader``. ``messages`` stays outside: it builds that
text and reads the reply as one reads a message from a stranger.
"""
