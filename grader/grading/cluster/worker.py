"""Under a worker: its station for one batch, and one submission on it."""

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
from grader.assignment.schema import Assignment, Limits
from grader.grading.cluster.detect_sandbox import NoBox, look
from grader.grading.cluster.messages import Batch, Done, Unfit, Work, environment, made, unpack
from grader.grading.machine import NoDevice, Options, Station, grade_one, open_station
from grader.grading.plan.fingerprint import Basis
from grader.grading.plan.plan import Plan
from grader.run.kernel.plain import short_folder
from grader.sandbox.compiled_programs import program_file
from grader.sandbox.disk_usage import remove
from grader.sandbox.scratch import scratch_folder
from grader.submission.intake import Entry

_LOOK_SECONDS = 2.0  # between two looks at whether the coordinator is there
_END_SECONDS = 60.0  # until all that ran on a station that closes has ended
_NAMED = 6  # packages that differ


def open_here(batch: Batch) -> Unfit | None:
    """A task: open this worker's station for ``batch``, or say why it can't."""
    if differing := _differing(batch):
        return Unfit(kind="other", values={"differing": differing})
    worker, post = get_worker(), Post(batch)
    sync(worker.loop, worker.plugin_add, plugin=post, name=batch.name)
    if post.unfit is not None:
        sync(worker.loop, worker.plugin_remove, name=batch.name)
    return post.unfit


def grade_here(batch: str, work: Work) -> Done | None:
    """A task: grade ``work`` on this worker's station; None where there is none any more."""
    post = get_worker().plugins.get(batch)
    return post.grade(work) if isinstance(post, Post) else None


def _differing(batch: Batch) -> str:
    """What is installed here in another version, or not at all."""
    here, there = environment(), batch.environment
    names = [name for name in {**there, **here} if here.get(name) != there.get(name)]
    names.sort(key=lambda name: name in here and name in there, reverse=True)
    said = [f"{name} {here.get(name) or '–'} ({there.get(name) or '–'})" for name in names]
    return ", ".join(said[:_NAMED] + (["…"] if len(said) > _NAMED else []))


class Post(WorkerPlugin):
    """A worker's station for one batch. A thread of its own opens and closes it.

    It closes with the worker, and when the coordinator is gone: the scheduler knows the key
    that bears the batch's name for as long as its client is there.
    """

    def __init__(self, batch: Batch) -> None:
        self.batch = batch
        self.unfit: Unfit | None = None
        self._ready, self._ended = threading.Event(), threading.Event()
        self._idle = threading.Condition()
        self._running = 0
        self._places = count()
        self._thread = threading.Thread(target=self._keep, name=batch.name, daemon=True)
        self._watch: asyncio.Task[None] | None = None

    async def setup(self, worker: Worker) -> None:
        """Open the station; called by Dask, in the worker's event loop."""
        self._thread.start()
        await asyncio.to_thread(self._ready.wait)
        if self.unfit is None:
            self._watch = asyncio.create_task(self._until_alone(worker))

    async def teardown(self, worker: Worker) -> None:
        """End what runs, and close the station; called by Dask, in the worker's event loop."""
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
                self._station = stack.enter_context(self._open())
                self._ready.set()
                self._ended.wait()
        except NoBox as fault:
            self.unfit = Unfit(kind="no_box", values={"why": str(fault)})
        except NoDevice as fault:
            self.unfit = Unfit(kind="no_device", values={"why": str(fault)})
        except Exception:
            self.unfit = Unfit(kind="broken", values={"why": traceback.format_exc()[-3000:]})
        finally:
            self._ready.set()

    @contextlib.contextmanager
    def _open(self) -> Iterator[Station]:
        batch, home = self.batch, self._home
        folder = home / "assignments" / batch.assignment
        teachers = home / "reference" / batch.assignment
        unpack(batch.public, folder)
        unpack(batch.teachers, teachers)
        assignment = load_assignment(folder, teachers)
        if assignment.digest != batch.digest:
            raise ValueError(f"{folder}: what came is not what was sent")
        boxed = batch.kernels and batch.sandbox != "none"
        box = look(batch.sandbox, batch.language) if boxed else None
        options = Options(
            out=home,
            jobs=1,
            language=batch.language,
            limits=Limits(**batch.limits),
            secret=batch.secret,
            seed=batch.seed,
            device=batch.device,
            box=box,
            programs=None if box is None else program_file(assignment, gpu=batch.device == "gpu"),
        )
        with open_station(assignment, options, kernels=batch.kernels) as station:
            yield station

    def _until_idle(self) -> None:
        with self._idle:
            self._idle.wait_for(lambda: not self._running, _END_SECONDS)

    def grade(self, work: Work) -> Done | None:
        """Grade ``work``; None when the station closes meanwhile."""
        with self._idle:
            if self._ended.is_set():
                return None
            self._running += 1
        place = self._home / "work" / str(next(self._places))
        try:
            done = self._in(place, work)
            return None if self._ended.is_set() else done
        finally:
            remove(str(place))
            with self._idle:
                self._running -= 1
                self._idle.notify_all()

    def _in(self, place: Path, work: Work) -> Done:
        out, handed_in = place / "out", place / "in" / work.file
        unpack(work.files, out / work.id)
        handed_in.parent.mkdir(parents=True)
        if work.content is not None:
            handed_in.write_bytes(work.content)
        entry = Entry(id=work.id, path=handed_in, notes=work.notes, fault=work.fault)
        station = replace(self._station, options=replace(self._station.options, out=out))
        plan = Plan({work.id: work.step}, self._basis(station.assignment))
        report = grade_one(station, plan, entry, repeated=work.repeated)
        files, gone = made(out / work.id, work.files)
        return Done(report=report, files=files, gone=gone)

    def _basis(self, assignment: Assignment) -> Basis:
        batch = self.batch
        return Basis(
            assignment=assignment,
            limits=Limits(**batch.limits),
            secret=batch.secret,
            seed=batch.seed,
            sandbox=batch.sandbox,
            device=batch.device,
            language=batch.language,
        )
