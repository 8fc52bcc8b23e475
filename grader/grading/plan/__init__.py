"""Going on in a folder that has results: what stands, what is judged again, what is run.

fingerprint  all that decides a run and does not stand in its evidence
next_action  one submission's folder -> keep, judge again or run
plan         a class's entries -> Plan
dry_run      what judging again would change, with nothing written
"""
