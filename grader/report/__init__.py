"""Reports: what a student and a teacher read about a graded submission.

A report is a pure function of a ``GradeReport``; ``write`` alone touches the disk.
"""

from grader.report.batch import grades_csv, summary_json
from grader.report.html import student_html, teacher_html
from grader.report.index import index_html
from grader.report.markdown import student_markdown
from grader.report.result import ResultError, read_result, result_json
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
