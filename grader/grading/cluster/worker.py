"""A worker's session for one batch, and one submission in it."""

from __future__ import annotations

import asyncio
import contextlib
import threading
import traceback
from collections.abc import Iterator
from dataclasses import replace
from itertools import count
from pathlib import Path

from distributed import Worker, WorkerPlugin, get_worker
from distributed.utils import sync

from grader.assignment.load import load_assignment
from grader.grading.cluster.detect_sandbox import NoWorkerSandbox, sandbox_here
from grader.grading.cluster.messages import (
    BatchSetup,
    Rejection,
    Task,
    TaskResult,
    changed_files,
    installed_versions,
    write_folder,
)
from grader.grading.machine import GradingMachine, MachineOptions, NoDevice, grade_one, open_machine
from grader.grading.plan.plan import Plan
from grader.run.kernel.plain import short_folder
from grader.sandbox.compiled_programs import program_file
from grader.sandbox.disk_usage import remove
from grader.sandbox.scratch import scratch_folder
from grader.submission.intake import SubmittedFile

_LOOK_SECONDS = 2.0  # between two looks at whether the coordinator is there
_END_SECONDS = 60.0  # until all that ran in a session that closes has ended
_NAMED = 6  # packages that differ


def open_session(batch: BatchSetup) -> Rejection | None:
    """Open this worker's session for ``batch``, or say why it can't: a task of Dask's."""
    if differing := _differing(batch):
        return Rejection(kind="other", values={"differing": differing})
    worker, session = get_worker(), WorkerSession(batch)
    sync(worker.loop, worker.plugin_add, plugin=session, name=batch.name)
    if session.rejection is not None:
        sync(worker.loop, worker.plugin_remove, name=batch.name)
    return session.rejection


def grade_task(batch: str, task: Task) -> TaskResult | None:
    """Grade ``task`` in this worker's session; None where there is none any more."""
    session = get_worker().plugins.get(batch)
    return session.grade(task) if isinstance(session, WorkerSession) else None


def _differing(batch: BatchSetup) -> str:
    """Name what is installed here in another version, or not at all."""
    here, there = installed_versions(), batch.environment
    names = [name for name in {**there, **here} if here.get(name) != there.get(name)]
    names.sort(key=lambda name: name in here and name in there, reverse=True)
    listed = [f"{name} {here.get(name) or '–'} ({there.get(name) or '–'})" for name in names]
    return ", ".join(listed[:_NAMED] + (["…"] if len(listed) > _NAMED else []))


class WorkerSession(WorkerPlugin):
    """A worker's session for one batch. A thread of its own opens and closes it.

    It closes with the worker, and when the coordinator is gone: the scheduler knows the key
    that bears the batch's name for as long as its client is there.
    """

    def __init__(self, batch: BatchSetup) -> None:
        self.batch = batch
        self.rejection: Rejection | None = None
        self._ready, self._ended = threading.Event(), threading.Event()
        self._idle = threading.Condition()
        self._running = 0
        self._numbers = count()
        self._thread = threading.Thread(target=self._keep, name=batch.name, daemon=True)
        self._watch: asyncio.Task[None] | None = None

    async def setup(self, worker: Worker) -> None:
        """Open the session; called by Dask, in the worker's event loop."""
        self._thread.start()
        await asyncio.to_thread(self._ready.wait)
        if self.rejection is None:
            self._watch = asyncio.create_task(self._until_alone(worker))

    async def teardown(self, worker: Worker) -> None:
        """End what runs, and close the session; called by Dask, in the worker's event loop."""
        if self._watch is not None and self._watch is not asyncio.current_task():
            self._watch.cancel()
        self._ended.set()
        await asyncio.to_thread(self._thread.join, _END_SECONDS + 30)

    async def _until_alone(self, worker: Worker) -> None:
        name, there = self.batch.name, True
        while there:
            await asyncio.sleep(_LOOK_SECONDS)
            with contextlib.suppress(OSError):  # a worker without a scheduler ends by itself
                there = (await worker.scheduler.get_task_status(keys=[name]))[name] is not None
        if worker.plugins.get(name) is self:
            await worker.plugin_remove(name=name)

    def _keep(self) -> None:
        try:
            with contextlib.ExitStack() as stack:
                self._home = stack.enter_context(scratch_folder(short_folder()))
                stack.callback(self._until_idle)
                self._machine = stack.enter_context(self._open())
                self._ready.set()
                self._ended.wait()
        except NoWorkerSandbox as fault:
            self.rejection = Rejection(kind="no_box", values={"why": str(fault)})
        except NoDevice as fault:
            self.rejection = Rejection(kind="no_device", values={"why": str(fault)})
        except Exception:
            self.rejection = Rejection(
                kind="broken", values={"why": traceback.format_exc()[-3000:]}
            )
        finally:
            self._ready.set()

    @contextlib.contextmanager
    def _open(self) -> Iterator[GradingMachine]:
        batch, home = self.batch, self._home
        folder = home / "assignments" / batch.assignment
        teachers = home / "reference" / batch.assignment
        write_folder(batch.public, folder)
        write_folder(batch.teachers, teachers)
        assignment = load_assignment(folder, teachers)
        if assignment.digest != batch.digest:
            raise ValueError(f"{folder}: what came is not what was sent")
        settings = batch.settings
        boxed = batch.kernels and settings.sandbox != "none"
        box = sandbox_here(settings.sandbox, settings.language) if boxed else None
        options = MachineOptions(
            settings=settings,
            out=home,
            jobs=1,
            sandbox=box,
            programs_file=None
            if box is None
            else program_file(assignment, gpu=settings.device == "gpu"),
        )
        with open_machine(assignment, options, kernels=batch.kernels) as machine:
            yield machine

    def _until_idle(self) -> None:
        with self._idle:
            self._idle.wait_for(lambda: not self._running, _END_SECONDS)

    def grade(self, task: Task) -> TaskResult | None:
        """Grade ``task``; None when the session closes meanwhile."""
        with self._idle:
            if self._ended.is_set():
                return None
            self._running += 1
        folder = self._home / "work" / str(next(self._numbers))
        try:
            result = self._grade_in(folder, task)
            return None if self._ended.is_set() else result
        finally:
            remove(str(folder))
            with self._idle:
                self._running -= 1
                self._idle.notify_all()

    def _grade_in(self, folder: Path, task: Task) -> TaskResult:
        out, handed_in = folder / "out", folder / "in" / task.file
        write_folder(task.files, out / task.id)
        handed_in.parent.mkdir(parents=True)
        if task.content is not None:
            handed_in.write_bytes(task.content)
        entry = SubmittedFile(id=task.id, path=handed_in, notes=task.notes, fault=task.fault)
        machine = replace(self._machine, options=replace(self._machine.options, out=out))
        plan = Plan({task.id: task.action}, machine.assignment, self.batch.settings)
        report = grade_one(machine, plan, entry, repeated=task.repeated)
        files, removed = changed_files(out / task.id, task.files)
        return TaskResult(report=report, files=files, removed=removed)
