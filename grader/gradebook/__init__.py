"""A term's marks in one SQLite file: every attempt, result and override, and what was sent.

    schema          the tables, version by version
    store           a file -> Gradebook: checked, migrated, backed up; transactions; faults in words
    records         all of a student's work for one assignment -> StudentRecord
    tables          StudentRecords out of the tables and into them
    effective_mark  StudentRecord + rules of handing in -> EffectiveMark: the mark that counts
    read_results    the output folder of ``grade`` -> IncomingResults that can be relied on
    merge           what taking them in, or grading again, would change; and doing so
    overrides       marks, excuses and due dates that a person set
    overview        everyone's marks, and one student's history
    sent_log        which mark was sent where, and whether it arrived

Nothing is ever changed or removed but a delivery's end; what no longer counts stays.
"""
