"""Sending what was planned, each mark on record before it leaves and when it has arrived."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from grader.core.atomic import FolderInUse, lock_file
from grader.gradebook import sent_log
from grader.gradebook.passback.http import NoResponse
from grader.gradebook.passback.plan import PassbackPlan, PlannedMark
from grader.gradebook.passback.platform import LearningPlatform, OutgoingScore
from grader.gradebook.passback.secret import PassbackError
from grader.gradebook.store import Gradebook

_IN_A_ROW = 3  # marks without an answer after which the platform is taken to be down


@dataclass(slots=True)
class PassbackOutcome:
    """The end of a passback. ``stopped`` is why the rest was not tried.

    Those ``assumed`` to have arrived were tried before, and the platform says that it has
    something as new, but not what.
    """

    arrived: list[str] = field(default_factory=list)
    refused: list[tuple[str, str]] = field(default_factory=list)
    unknown: list[str] = field(default_factory=list)
    assumed: list[str] = field(default_factory=list)
    stopped: PassbackError | None = None


@contextlib.contextmanager
def lock_passback(book: Gradebook) -> Iterator[None]:
    """One passback of a gradebook at a time. Raises ``PassbackError`` for the second.

    The journal says what to do after a crash, and not which of two is at work.
    """
    lock = book.path.with_name(f".{book.path.name}.sending")
    with contextlib.ExitStack() as stack:
        try:
            stack.enter_context(lock_file(lock))
        except FolderInUse:
            raise PassbackError("in_use", path=str(book.path)) from None
        yield


def send_marks(
    book: Gradebook,
    platform: LearningPlatform,
    passback: PassbackPlan,
    who: str,
    comment: Callable[[PlannedMark], str] = lambda item: "",
    on_step: Callable[[int, int], None] = lambda done, total: None,
) -> PassbackOutcome:
    """Send every mark of ``passback``, and note which of them were there already.

    What nobody answered, or said nothing clear of, is left as begun; the next run finds out, or
    sends it again with its own timestamp.
    """
    outcome, silent = PassbackOutcome(), 0
    for item in passback.on_platform:
        sent_log.end_delivery(book, _begun(book, platform, passback, item, who), "arrived")
    for number, item in enumerate(passback.to_send, start=1):
        sending = _begun(book, platform, passback, item, who)
        outgoing = OutgoingScore(
            user=item.user,
            score=item.score,
            max_score=item.max_score,
            timestamp=sending.timestamp,
            comment=comment(item),
            is_repeat=sending.is_resumed,
        )
        try:
            sent = platform.send(outgoing)
        except NoResponse as problem:
            outcome.unknown.append(item.graded.id)
            silent += 1
            if silent == _IN_A_ROW:
                outcome.stopped = problem
                break
            continue
        except PassbackError as problem:
            outcome.unknown.append(item.graded.id)
            outcome.stopped = problem
            break
        silent = 0
        sent_log.end_delivery(book, sending, sent.state, sent.response)
        if sent.state == "begun":
            outcome.unknown.append(item.graded.id)
        elif sent.state == "arrived":
            outcome.arrived.append(item.graded.id)
            if sent.response:
                outcome.assumed.append(item.graded.id)
        else:
            outcome.refused.append((item.graded.id, sent.response))
        on_step(number, len(passback.to_send))
    return outcome


def _begun(
    book: Gradebook, platform: LearningPlatform, passback: PassbackPlan, item: PlannedMark, who: str
) -> sent_log.Delivery:
    return sent_log.begin_delivery(
        book,
        target=platform.target,
        assignment=passback.assignment,
        student=item.student,
        user=item.user,
        score=item.score,
        max_score=item.max_score,
        who=who,
    )
