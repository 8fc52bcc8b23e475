"""Running a submission's cells in a kernel of its own, through nbclient.

``plain`` starts and ends the kernel, ``session`` talks to it and watches the clock,
``outcome`` says what became of it all.
"""
