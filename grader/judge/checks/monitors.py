"""The states that a run recorded, wherever its model went."""

from __future__ import annotations

import numpy as np

from grader.core.types import Finding, RecordedState, Value
from grader.judge.checks.context import CheckContext, no_model, unless

ROUND_OFF = 1e-5  # relative, single precision included


@unless(no_model)
def check_records(context: CheckContext) -> Finding:
    """Give credit for the share of the records that hold the state which they are named for.

    What was recorded last is what the state was once the run had ended.
    """
    monitors, records = context.exercise.monitors, context.evidence.answers.records
    values: dict[str, Value] = {"total": len(monitors), "variable": context.exercise.variable}
    missing = [name for name in monitors if name not in records]
    wrong = [name for name in monitors if name in records and not _holds(records[name])]
    if not missing and not wrong:
        return Finding(credit=1.0, message_id="checks.recorded.ok", values=values)
    message = "missing" if missing else "wrong"
    names = ", ".join(f"{name!r} ({monitors[name]})" for name in missing or wrong)
    return Finding(
        credit=1.0 - len(missing + wrong) / len(monitors),
        message_id=f"checks.recorded.{message}",
        values={**values, "names": names},
        detail="; ".join(
            f"{f.stage}: {f.error_name}: {f.error_text}" for f in context.evidence.probe.faults
        ),
        cell=context.cell,
        line=context.line_of(context.exercise.variable),
    )


def _holds(record: RecordedState) -> bool:
    """Return True if the last row is the state at the end, and nothing is NaN."""
    if not record.finite or record.last.shape != record.state.shape or not record.last.size:
        return False
    return bool(np.allclose(record.last, record.state, rtol=ROUND_OFF, atol=0.0))
