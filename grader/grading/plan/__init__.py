"""Going on in a folder that has results: what stands, what is judged again, what is run.

basis     what decides a run, and what only a judgement, here and now
stored    one submission's folder -> whether its evidence and its result stand
plan      a batch's entries -> Plan
preview   what judging again would change, with nothing written
"""
