"""Marks and feedback back to where submissions came from, from what ``grade`` left behind.

    graded      the output folder          -> Graded: whose, and how many points
    table       a CSV file                 -> Table: filled without touching what isn't asked
    people      Graded, rows of a gradebook -> who is who
    canvas, moodle, plain                  -> Export: the file's bytes, and what is to be said
    formats     the writers of ``grader.report.formats``, for grade and export alike

Only ``roster.json``, ``summary.json``, ``result.json`` and the student's own pages are read.
"""
