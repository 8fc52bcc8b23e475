"""A term's marks in one SQLite file: every attempt, result and override, and what was sent.

    schema     the tables, version by version
    store      a file -> Book: checked, migrated, backed up; transactions; faults in words
    values     what is kept of a student's work for one assignment -> Record
    rows       Records out of the tables and into them
    standing   Record + rules of handing in -> Standing: the mark that counts, and why
    incoming   the output folder of ``grade`` -> results that can be relied on
    update     what taking them in, or grading again, would change; and doing so
    overrides  marks, excuses and due dates that a person set
    journal    which mark was sent where, and whether it arrived

Nothing is ever changed or removed but a sending's end; what no longer counts stays.
"""
