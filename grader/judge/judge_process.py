"""The judge: one process with JAX and the compiled reference, which never talks to a kernel.

It reads stored evidence, compares it with the reference, checks it and writes the
reports. The coordinator holds a ``Judge`` and gives it one folder after the other.
"""

from __future__ import annotations

import dataclasses
import os
import signal
import sys
import traceback
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from grader.core.child_process import ChildEnded, ChildProcess
from grader.core.types import CUT_OFF, GradeReport, Note
from grader.judge.devices import device_environment

if TYPE_CHECKING:
    from grader.judge.reference.compare import Comparison


class JudgeFailed(Exception):
    """The judge raised, died or did not answer; the message is for the teacher."""


@dataclass(frozen=True, kw_only=True, slots=True)
class JudgeRequest:
    """One submission to judge.

    Nothing is written while an exercise is still to be probed again
    (`GradeReport.parts_to_substitute`).
    """

    folder: Path
    """The folder that holds its evidence and gets its reports."""
    file: str
    submission_id: str
    language: str
    notes: tuple[Note, ...] = ()
    """Remarks on choices made before the notebook was read."""
    reason: str = ""
    """The reason, in words, why a submission that has a result is graded again."""
    write: Literal["all", "finished", "nothing"] = "all"
    """"finished" leaves the reports of a run that was cut or not graded unwritten."""
    solution_runs: bool = True
    """True if the solution is known to get through on the machine of the run.

    Else the report of a submission that had a failure is not written.
    """


def is_unfinished(report: GradeReport) -> bool:
    """Return True if it counts only after another run, alone."""
    return report.run.status in CUT_OFF or report.outcome == "not_graded"


def is_final(report: GradeReport, request: JudgeRequest) -> bool:
    """Return True if nothing more is to be found out, and the report to be written."""
    if (
        report.parts_to_substitute
        or request.write == "nothing"
        or (report.had_failure and not request.solution_runs)
    ):
        return False
    return request.write == "all" or not is_unfinished(report)


class Judge:
    """The coordinator's side. Safe to use from several threads; one case at a time."""

    def __init__(self, assignment: Path, teachers: Path, device: str) -> None:
        self._process = ChildProcess(
            "the judge",
            "grader.judge.judge_process",
            *(str(assignment), str(teachers), device),
            environment=device_environment(device, os.environ),
        )

    def judge(self, request: JudgeRequest, seconds: float = 120.0) -> GradeReport:
        """Judge ``request``, write its reports and return the report without its plots.

        Raises ``JudgeFailed``; the next request gets a new process then.
        """
        answer = self._ask(request, seconds)
        if isinstance(answer, str):
            raise JudgeFailed(answer)
        return answer

    def prepare(self) -> str:
        """Load the reference now; returns what is wrong with it, "" when nothing is."""
        answer = self._ask(None, None)
        return answer if isinstance(answer, str) else ""

    def _ask(self, request: JudgeRequest | None, seconds: float | None) -> GradeReport | str:
        try:
            with self._process.exchange() as connection:
                connection.send(request)
                self._process.await_reply(seconds)
                answer: GradeReport | str = connection.recv()
        except ChildEnded as ended:
            raise JudgeFailed(str(ended)) from None
        return answer

    def close(self) -> None:
        """End the process; a thread that waits for its answer gets ``JudgeFailed``."""
        self._process.close()


def _serve(connection: Connection, assignment_folder: Path, teachers: Path, device: str) -> None:
    """Answer each case with a report, or with a traceback when we fail."""
    from grader.assignment.load import load_assignment
    from grader.judge.reference.compare import Comparison
    from grader.judge.reference.compile_cache import use_compile_cache

    use_compile_cache()
    comparison: Comparison | None = None
    while True:
        try:
            request = connection.recv()
        except (EOFError, OSError):
            return
        try:
            if comparison is None:
                assignment = load_assignment(assignment_folder, teachers)
                comparison = Comparison(assignment, device)
            answer: GradeReport | str = ""
            if request is not None:
                answer = judge_submission(request, comparison)
        except Exception as error:
            answer = str(error) if request is None else traceback.format_exc()[-8000:]
        try:
            connection.send(answer)
        except OSError:  # nobody waits for it any more
            return


def judge_submission(request: JudgeRequest, comparison: Comparison) -> GradeReport:
    """Evidence in, reports out: the last two stages of one submission."""
    from grader.core.evidence_store import load_evidence
    from grader.judge.provenance import with_intake, with_provenance
    from grader.judge.verdict import verdict
    from grader.report.write import write_report

    evidence = comparison.add_reference(load_evidence(request.folder))
    report = verdict(
        with_intake(evidence, request),
        comparison.assignment,
        request.submission_id,
        request.language,
        comparison.device,
    )
    report = with_provenance(report, request)
    if is_final(report, request):
        write_report(report, request.folder)
    return dataclasses.replace(
        report,
        curves=(),
        residuals=(),
        error_source="",
        run=dataclasses.replace(report.run, notebook="", figures=()),
    )


if __name__ == "__main__":
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the coordinator's to handle
    _serve(Connection(int(sys.argv[1])), Path(sys.argv[2]), Path(sys.argv[3]), sys.argv[4])
    os._exit(0)  # to take JAX down would keep the coordinator waiting
