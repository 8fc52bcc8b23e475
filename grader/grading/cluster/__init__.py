"""Grading on a Dask cluster: this machine coordinates, each worker has a station of its own.

No disk is shared. What a worker needs goes out with its work, what it made comes back, and
only the coordinator writes results. Scheduler and workers are trusted, as one's own machine is.

parcels     what goes out and comes back
worker      UNDER A WORKER: its station for a batch, and one submission on it
boxes       UNDER A WORKER: which sandbox works there, found out by a process of its own
crew        here: which worker has what, what was lost with one, what came back
connection  here: to the scheduler, and what keeps us from it
"""
