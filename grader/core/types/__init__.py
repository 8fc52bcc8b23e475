"""The frozen values that pass between the stages of grading.

    read    -> Submission
    run     -> ExecutedNotebook
    probe   -> ModelProbe, Answers
    check   -> Evidence (all of the above) in, Finding out
    report  -> GradeReport, BatchSummary

Arrays are NumPy arrays of float64. Time runs along the first axis and stimuli
along the second: a trace is ``(T, N)``.
"""

from grader.core.types.answers import Answers, ChannelProbe, Drawn, Fault, ModelProbe, Panel, Record
from grader.core.types.evidence import Attempt, Evidence, NamedMistake, Reference, Rounding
from grader.core.types.notebook import (
    Blank,
    Cell,
    CellRun,
    ExecutedNotebook,
    Figure,
    GradedCell,
    LeftOut,
    Submission,
)
from grader.core.types.result import (
    BatchSummary,
    Change,
    Changed,
    CheckResult,
    Curve,
    Diagnosis,
    Finding,
    GradeReport,
    Residual,
)
from grader.core.types.values import (
    CUT,
    FINER,
    LARGEST_PICTURE,
    LARGEST_TEXT,
    Array,
    CellStatus,
    Note,
    Outcome,
    Precision,
    RunStatus,
    Status,
    Value,
    Values,
    Visibility,
    output_limits,
)

__all__ = [
    "CUT",
    "FINER",
    "LARGEST_PICTURE",
    "LARGEST_TEXT",
    "Answers",
    "Array",
    "Attempt",
    "BatchSummary",
    "Blank",
    "Cell",
    "CellRun",
    "CellStatus",
    "Change",
    "Changed",
    "ChannelProbe",
    "CheckResult",
    "Curve",
    "Diagnosis",
    "Drawn",
    "Evidence",
    "ExecutedNotebook",
    "Fault",
    "Figure",
    "Finding",
    "GradeReport",
    "GradedCell",
    "LeftOut",
    "ModelProbe",
    "NamedMistake",
    "Note",
    "Outcome",
    "Panel",
    "Precision",
    "Record",
    "Reference",
    "Residual",
    "Rounding",
    "RunStatus",
    "Status",
    "Submission",
    "Value",
    "Values",
    "Visibility",
    "output_limits",
]
