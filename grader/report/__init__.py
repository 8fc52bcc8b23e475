"""Reports: what a student and a teacher read about a graded submission.

A report is a pure function of a ``GradeReport``; ``write`` alone touches the disk.
"""

from grader.report.batch.csv_json import grades_csv, summary_json
from grader.report.batch.index_html import index_html
from grader.report.page.html import student_html, teacher_html
from grader.report.page.markdown import student_markdown
from grader.report.store.result_json import ResultError, read_result, result_json
from grader.report.write import write_batch, write_report

__all__ = [
    "ResultError",
    "grades_csv",
    "index_html",
    "read_result",
    "result_json",
    "student_html",
    "student_markdown",
    "summary_json",
    "teacher_html",
    "write_batch",
    "write_report",
]
