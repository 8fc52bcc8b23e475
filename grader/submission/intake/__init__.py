"""From the paths that a teacher names to submitted files, each with an id and its origin.

scan, unpack           a folder, an archive       -> FileTree: names, and where their bytes lie
group, lms_names       names                      -> SubmissionGroup: all that one student handed in
select_notebook        notebooks, the assignment  -> Selection: the one that counts, and why
collect                all of these               -> SubmittedFile, the beginning of a batch
"""

from grader.submission.intake.collect import (
    IntakeError,
    IntakeResult,
    SubmittedFile,
    collect,
    find_submissions,
)
from grader.submission.intake.scan import BATCH_FILES

__all__ = [
    "BATCH_FILES",
    "IntakeError",
    "IntakeResult",
    "SubmittedFile",
    "collect",
    "find_submissions",
]
