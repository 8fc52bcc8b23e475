"""The frozen values that pass between the stages of grading.

    read    -> Submission
    run     -> ExecutedNotebook
    probe   -> ModelProbe, Answers
    check   -> Evidence (all of the above) in, Finding out
    report  -> GradeReport, BatchSummary

Arrays are NumPy arrays of float64. Time runs along the first axis and stimuli
along the second: a trace is ``(T, N)``.
"""

from grader.core.types.answers import (
    Answers,
    ChannelProbe,
    Fault,
    ModelProbe,
    ProbeRequest,
    RecordedState,
    StimulusSet,
)
from grader.core.types.evidence import (
    Evidence,
    ExerciseEvidence,
    NamedMistake,
    ReferenceAnswers,
    RoundingError,
)
from grader.core.types.notebook import (
    Blank,
    Cell,
    CellRun,
    ExecutedNotebook,
    Figure,
    GradedCell,
    OmittedOutput,
    Submission,
)
from grader.core.types.result import (
    BatchSummary,
    CheckChange,
    CheckResult,
    Curve,
    Diagnosis,
    Finding,
    GradeReport,
    Residual,
    ScoreChange,
)
from grader.core.types.values import (
    CUT_OFF,
    LARGEST_PICTURE,
    LARGEST_TEXT,
    STEP_DIVISIONS,
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
    "CUT_OFF",
    "LARGEST_PICTURE",
    "LARGEST_TEXT",
    "STEP_DIVISIONS",
    "Answers",
    "Array",
    "BatchSummary",
    "Blank",
    "Cell",
    "CellRun",
    "CellStatus",
    "ChannelProbe",
    "CheckChange",
    "CheckResult",
    "Curve",
    "Diagnosis",
    "Evidence",
    "ExecutedNotebook",
    "ExerciseEvidence",
    "Fault",
    "Figure",
    "Finding",
    "GradeReport",
    "GradedCell",
    "ModelProbe",
    "NamedMistake",
    "Note",
    "OmittedOutput",
    "Outcome",
    "Precision",
    "ProbeRequest",
    "RecordedState",
    "ReferenceAnswers",
    "Residual",
    "RoundingError",
    "RunStatus",
    "ScoreChange",
    "Status",
    "StimulusSet",
    "Submission",
    "Value",
    "Values",
    "Visibility",
    "output_limits",
]
