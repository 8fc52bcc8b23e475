"""Running a submission's cells in a kernel of its own, through nbclient.

``kernel`` starts and ends the kernel, ``session`` talks to it and watches the clock,
``ending`` says what became of it all.
"""
