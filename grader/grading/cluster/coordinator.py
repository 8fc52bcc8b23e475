"""The coordinator's side: which worker has what, what was lost with one, what came back.

A submission is given to one worker, that has a thread free for it. One that is lost takes
nothing with it: what it had goes to another one, and what comes back counts once.
"""

from __future__ import annotations

import contextlib
import queue
import secrets
import time
import traceback
from collections import Counter, deque
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from concurrent.futures import CancelledError
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from distributed import KilledWorker
from distributed.comm.addressing import get_address_host

from grader.assignment.schema import Assignment
from grader.core.messages import catalogue
from grader.core.types import GradeReport, Note
from grader.grading.cluster.connection import ClusterError
from grader.grading.cluster.messages import (
    Rejection,
    Task,
    TaskResult,
    batch_setup,
    files_to_send,
    write_result,
)
from grader.grading.cluster.worker import grade_task, open_session
from grader.grading.machine import MachineOptions, not_graded
from grader.grading.plan.plan import Plan
from grader.judge.judge_process import is_unfinished
from grader.submission.intake import SubmittedFile

if TYPE_CHECKING:
    from distributed import Client, Future

MAX_LOST = 3  # workers, before what they were lost with is run alone
_LOOK_SECONDS = 2.0  # between two looks at which workers there are
_SILENT_SECONDS = 5.0  # without a worker, before that is said
_FETCH_SECONDS = 20.0  # for one result
_NO_WORKER = {"grader: no worker has this": 1}
_LATER = object()

Report = tuple[SubmittedFile, GradeReport]


@dataclass(frozen=True, slots=True)
class WorkerSlot:
    """The room of a worker: for how many submissions, and on which machine."""

    slots: int
    machine: str


class ClusterExecutor:
    """The workers of a cluster, as `grader.grading.batch` sees them."""

    def __init__(
        self,
        client: Client,
        address: str,
        assignment: Assignment,
        options: MachineOptions,
        plan: Plan,
        on_note: Callable[[Note], None],
    ) -> None:
        self._client, self._address, self._on_note = client, address, on_note
        self._assignment, self._options, self._plan = assignment, options, plan
        self._batch = batch_setup(f"grader-{secrets.token_hex(8)}", assignment, plan)
        self._numbers = iter(range(2**63))
        self._presence: Any = None
        self._ready: dict[str, WorkerSlot] = {}
        self._opening: dict[Future[Any], tuple[str, WorkerSlot]] = {}
        self._unfit: dict[str, Note] = {}
        self._running: dict[Future[Any], tuple[SubmittedFile, str]] = {}
        self._waiting: deque[SubmittedFile] = deque()
        self._lost: Counter[str] = Counter()
        self._ended: queue.SimpleQueue[Future[Any]] = queue.SimpleQueue()
        self._last_worker_at = time.monotonic()  # when there was somebody to work, or still may be
        self._last_look_at = self._last_worker_at - _LOOK_SECONDS
        self._silence_noted = self._had_workers = self._alone = False

    def __enter__(self) -> ClusterExecutor:
        return self

    def __exit__(self, *_: object) -> None:
        """Cancel what still runs; workers see that and close their sessions."""
        running = [*self._running, *self._opening, *([self._presence] if self._presence else [])]
        with contextlib.suppress(Exception):
            self._client.cancel(running, force=True)

    def grade(self, entries: Sequence[SubmittedFile], *, repeated: bool) -> Iterator[Report]:
        """Grade as `grader.grading.batch.BatchExecutor` says."""
        self._waiting, self._alone = deque(entries), repeated
        self._lost.clear()
        while self._waiting or self._running:
            if self._client.status == "closed":  # it could not be reached again
                raise ClusterError("gone", midway=True, address=self._address)
            yield from self._look()
            while self._waiting and (address := self._free_worker()):
                self._send(self._waiting.popleft(), address)
            with contextlib.suppress(queue.Empty):
                yield from self._take(self._ended.get(timeout=_LOOK_SECONDS / 4))

    def _look(self, *, now: bool = False) -> Iterator[Report]:
        """See every now and then who came, who is gone, and if anybody is there."""
        moment = time.monotonic()
        if moment - self._last_look_at < _LOOK_SECONDS and not now:
            return
        self._last_look_at = moment
        if (threads := self._workers()) is not None:
            self._announce()
            yield from self._give_back(threads)
            for address in threads.keys() - self._known_workers():
                slots = 1 if self._batch.settings.device == "gpu" else threads[address]
                self._open(address, WorkerSlot(slots, get_address_host(address)))
        self._note_silence(moment)

    def _workers(self) -> Mapping[str, int] | None:
        """Count the threads of each worker; None where the scheduler can't be asked now."""
        if self._client.status != "running":
            return None
        try:
            return dict(self._client.nthreads())  # not scheduler_info: it may tell what was
        except OSError:
            return None

    def _announce(self) -> None:
        """Give the scheduler a key that it knows as long as we are there; nobody works for it."""
        if self._presence is None or self._presence.cancelled():
            self._presence = self._client.submit(
                int, key=self._batch.name, pure=False, resources=_NO_WORKER
            )

    def _known_workers(self) -> set[str]:
        return {*self._ready, *self._unfit, *(address for address, _ in self._opening.values())}

    def _open(self, address: str, slot: WorkerSlot) -> None:
        future = self._submit(address, open_session, self._batch)
        self._opening[future] = (address, slot)
        future.add_done_callback(self._ended.put)

    def _submit(self, address: str, task: Callable[..., Any], *values: Any) -> Future[Any]:
        future: Future[Any] = self._client.submit(
            task,
            *values,
            key=f"{self._batch.name}-{next(self._numbers)}",
            workers=[address],
            allow_other_workers=False,
            pure=False,
        )
        return future

    def _give_back(self, workers: Collection[str]) -> Iterator[Report]:
        """Give what was with workers that are no more to others."""
        had = Counter(address for _, address in self._running.values() if address not in workers)
        for address, count in had.items():
            left = Note(message_id="cluster.left", values={"address": address, "count": count})
            self._on_note(left)
        for address in self._known_workers() - set(workers):
            self._ready.pop(address, None)
            self._unfit.pop(address, None)
        for future, (address, _) in list(self._opening.items()):
            if address not in workers:
                del self._opening[future]
                self._client.cancel([future], force=True)
        for future, (entry, address) in list(self._running.items()):
            if address not in workers:
                del self._running[future]
                self._client.cancel([future], force=True)
                yield from self._retry(entry, address)

    def _retry(self, entry: SubmittedFile, address: str) -> Iterator[Report]:
        """Queue ``entry`` for another worker, unless too many were lost with it."""
        self._lost[entry.id] += 1
        if self._lost[entry.id] > MAX_LOST:
            messages = catalogue(self._options.settings.language)
            why = messages.render("cluster.lost", count=self._lost[entry.id], address=address)
            yield entry, self._broken(entry, why)
        else:
            self._waiting.appendleft(entry)

    def _note_silence(self, moment: float) -> None:
        if self._ready:
            self._last_worker_at, self._silence_noted, self._had_workers = moment, False, True
        elif self._opening:
            self._last_worker_at = moment
        elif self._unfit and not self._had_workers:
            raise ClusterError("nobody", address=self._address)
        elif not self._silence_noted and moment - self._last_worker_at > _SILENT_SECONDS:
            self._silence_noted = True
            values = {"address": self._address}
            self._on_note(Note(message_id="cluster.waiting", values=values))

    def _free_worker(self) -> str | None:
        """Find a worker with a thread free; for a run alone, one with nothing on its machine."""
        running = Counter(address for _, address in self._running.values())
        busy = {self._ready[address].machine for address in running if address in self._ready}
        free = [
            (running[address] / slot.slots, address)
            for address, slot in self._ready.items()
            if (slot.machine not in busy if self._alone else running[address] < slot.slots)
        ]
        return min(free)[1] if free else None

    def _send(self, entry: SubmittedFile, address: str) -> None:
        action = self._plan.actions[entry.id]
        try:
            content = None if entry.fault is not None else entry.path.read_bytes()
        except OSError:
            content = None
        task = Task(
            id=entry.id,
            file=entry.path.name or entry.id,
            content=content,
            notes=entry.notes,
            fault=entry.fault,
            action=action,
            repeated=self._alone,
            files=files_to_send(self._options.out / entry.id, action),
        )
        future = self._submit(address, grade_task, self._batch.name, task)
        self._running[future] = (entry, address)
        future.add_done_callback(self._ended.put)

    def _take(self, future: Future[Any]) -> Iterator[Report]:
        """Take what came of a task; nothing where nobody waits for it any more."""
        if future in self._opening:
            self._note_answer(future)
        elif future in self._running:
            entry, address = self._running[future]
            result = self._fetch(future)
            if result is _LATER:
                self._ended.put(future)
                yield from self._look(now=True)
                return
            del self._running[future]
            if isinstance(result, KilledWorker):
                yield from self._retry(entry, address)
            elif isinstance(result, TaskResult):
                yield entry, self._write_result(entry, result)
            elif isinstance(result, BaseException):
                why = "".join(traceback.format_exception(result))[-8000:]
                yield entry, self._broken(entry, why)
            else:
                self._ready.pop(address, None)
                self._waiting.appendleft(entry)

    def _fetch(self, future: Future[Any]) -> Any:
        """Fetch what a task gave or raised; None where nobody knows of it any more."""
        if future.cancelled():  # the scheduler was away, and has forgotten it
            return None
        if future.status == "error":
            return future.exception(timeout=_FETCH_SECONDS)
        try:
            return future.result(timeout=_FETCH_SECONDS)
        except TimeoutError:  # its worker may have been lost with it
            return _LATER
        except (CancelledError, OSError):
            return None

    def _note_answer(self, future: Future[Any]) -> None:
        """Note a worker's answer: it takes part, or why not."""
        address, slot = self._opening.pop(future)
        rejection = self._fetch(future)
        if future.cancelled() or rejection is _LATER:
            return
        if isinstance(rejection, BaseException):  # it may lack this package
            values = {"why": f"{type(rejection).__name__}: {rejection}"}
            rejection = Rejection(kind="broken", values=values)
        if rejection is None:
            self._ready[address] = slot
            return
        values = {"address": address, **rejection.values}
        self._unfit[address] = Note(message_id=f"cluster.unfit.{rejection.kind}", values=values)
        self._on_note(self._unfit[address])

    def _write_result(self, entry: SubmittedFile, result: TaskResult) -> GradeReport:
        """Return the report that came back, written unless it is to be run once more."""
        if self._alone or not is_unfinished(result.report):
            try:
                write_result(result, self._options.out / entry.id)
            except OSError:  # a full disk
                return self._broken(entry, traceback.format_exc()[-8000:])
        return result.report

    def _broken(self, entry: SubmittedFile, why: str) -> GradeReport:
        write: Literal["all", "finished"] = "all" if self._alone else "finished"
        request = self._plan.judge_request(entry, self._options.out / entry.id, write)
        return not_graded(self._assignment, request, why)
