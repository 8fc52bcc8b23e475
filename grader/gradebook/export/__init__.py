"""Marks and feedback back to where submissions came from, from what ``grade`` left behind.

    results           the output folder            -> MarkSheet: whose, and how many points
    from_gradebook    the gradebook                -> MarkSheet
    csv_table         a CSV file                   -> CsvTable: all but what is filled stays
    match_people      GradedSubmissions and people -> who is who
    submission_times  a CSV file                   -> SubmissionTimes: handed in when
    fill_column       what filling any platform's table has in common
    canvas, moodle, plain_csv                      -> ExportFile: bytes, and what is to be said
    ci_formats        the writers of ``grader.report.formats``, for grade and export alike

Only ``roster.json``, ``summary.json``, ``result.json`` and the student's own pages are read.
"""
