"""From what a teacher has to submissions, each with an id and what is known of whose it is.

scan, unpack     a folder, an archive       -> Tree: names, and where their bytes lie
units, layouts   names                      -> Unit: all that one student handed in
choose           notebooks, the assignment  -> the one that counts, and why
entries          all of these               -> Entry, the beginning of a batch
"""

from grader.submission.intake.collect import Entry, HandedIn, IntakeError, collect, find_submissions
from grader.submission.intake.scan import OF_THE_BATCH

__all__ = ["OF_THE_BATCH", "Entry", "HandedIn", "IntakeError", "collect", "find_submissions"]
