"""Grading on a Dask cluster: this machine coordinates, each worker has a session for the class.

No disk is shared. What a worker needs goes out with its work, what it made comes back, and
only the coordinator writes results. Scheduler and workers are trusted, as one's own machine is.

messages        the setup of a class, tasks, their results, rejections
worker          UNDER A WORKER: its session for a class, and one submission in it
detect_sandbox  UNDER A WORKER: the sandbox that works there, found by a process of its own
coordinator     here: which worker has what, what was lost with one, what came back
connection      here: to the scheduler, and what keeps us from it
"""
