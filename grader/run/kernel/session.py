"""A session with one kernel: run cells, send requests to the probe, watch the clock."""

from __future__ import annotations

import asyncio
import atexit
import contextlib
import logging
import re
import time
import uuid
from collections.abc import AsyncIterator
from dataclasses import dataclass, field, replace
from functools import partial
from queue import Empty
from typing import Any

import nbformat
from jupyter_client.manager import AsyncKernelManager
from jupyter_client.session import Session as KernelSession
from nbclient import NotebookClient
from nbclient.exceptions import DeadKernelError

from grader.assignment.schema import Limits
from grader.core.exceptions import OF_IMPORTS, excuse, is_about_missing, without_import
from grader.core.machine_faults import NO_DISK
from grader.core.types import CellRun, CellStatus, Figure, Submission
from grader.run.kernel.missing_import import import_failed
from grader.run.kernel.outputs import as_notebook, figures, omitted_by_kernel, trim_outputs

MOST_MISSING = 8  # imports passed over in one cell
MOST_TRACE = 20_000  # characters of a traceback
_LAST_WORDS = 0.05  # seconds for messages that a dead kernel sent before
GRACE = 5.0  # seconds that a cell has to end after it was interrupted
_ANSI = re.compile(r"\x1b\[[0-9;?]*[ -/]*[@-~]")
_LINE = re.compile(r"Cell In\[\d+\], line (\d{1,9})")


class KernelExit(Exception):
    """The kernel died or had to be killed.

    ``timeout`` tells whether it ran out of time; ``limit_exceeded`` names what else it took
    too much of: "memory", "processes", "disk", "output"; "hidden" when a process of it could
    not be looked at, "messages" when it said what no kernel says, else "".
    """

    def __init__(self, message: str, timeout: bool, limit_exceeded: str = "") -> None:
        super().__init__(message)
        self.timeout, self.limit_exceeded = timeout, limit_exceeded


class HarnessError(Exception):
    """The kernel ended for a fault of ours; nobody may lose a point for it."""


class UnguessableSession(KernelSession):
    """A session whose message ids cannot be guessed, so that no reply can precede its request."""

    @property
    def msg_id(self) -> str:
        """A new id for each message."""
        return uuid.uuid4().hex


class _Client(NotebookClient):
    """A client that learns of the kernel's end at once where the provisioner can tell."""

    async def _async_poll_kernel_alive(self) -> None:
        provisioner: Any = self.km and self.km.provisioner
        until_gone = getattr(provisioner, "wait_until_gone", None)
        if until_gone is None:
            await super()._async_poll_kernel_alive()
            return
        await until_gone()
        await asyncio.sleep(_LAST_WORDS)
        if self.task_poll_for_reply is not None:
            self.task_poll_for_reply.cancel()


@dataclass
class Session:
    """A running kernel and the notebook that it runs. Made by ``open_session``."""

    client: NotebookClient
    kernel: AsyncKernelManager
    submission: Submission
    limits: Limits
    started: float
    runs: list[CellRun] = field(default_factory=list)
    kernel_exit: KernelExit | None = None
    _sources: dict[int, str] = field(default_factory=dict, init=False)  # by execution count

    @property
    def seconds_left(self) -> float:
        """Seconds that the notebook still has."""
        return self.limits.notebook_seconds - (time.monotonic() - self.started)

    async def run_cell(self, index: int) -> CellRun:
        """Run one code cell; whatever it does becomes a ``CellRun``."""
        if self.kernel_exit is not None or self.seconds_left <= 0:
            run = CellRun(index=index, status="not_run")
        else:
            run = await self._run_cell(index)
            run = await self._without_missing(index, run)
        self.runs.append(run)
        return run

    async def _without_missing(self, index: int, run: CellRun) -> CellRun:
        """Run a cell again without the imports that fail on this machine only.

        What comes after such an import in the same cell is the student's work and must
        not be lost with it. The excuse is kept, also where the cell then only lacks
        what the import would have brought: then the import is what failed.
        """
        cell, first = self.client.nb.cells[index], run
        missing: frozenset[str] = frozenset()
        for _ in range(MOST_MISSING):
            shorter = without_import(cell.source, run.line) if run.excused in OF_IMPORTS else None
            if shorter is None or self.kernel_exit is not None:
                break
            cell.source, missing = shorter[0], missing | shorter[1]
            run = await self._run_cell(index)
        last = replace(first, seconds=run.seconds, figures=run.figures, omitted=run.omitted)
        if run.status == "ok" and first.excused:
            return replace(last, status="ok")
        if is_about_missing(run.error_name, run.error_text, missing):
            return last
        return run

    async def _run_cell(self, index: int) -> CellRun:
        cell = self.client.nb.cells[index]
        reply: dict[str, Any] = {}
        self.client.on_cell_executed = lambda **message: reply.update(message["execute_reply"])
        limit = min(self.limits.cell_seconds, self.seconds_left)
        began = time.monotonic()
        late = False
        task = asyncio.ensure_future(self.client.async_execute_cell(cell, index))
        try:
            done, _ = await asyncio.wait({task}, timeout=limit)
            if not done:
                late = True
                await _quietly(self.kernel.interrupt_kernel())
                done, _ = await asyncio.wait({task}, timeout=GRACE)
            if not done:
                raise KernelExit("a cell could not be interrupted", timeout=True)
            task.result()
        except DeadKernelError:
            self.kernel_exit = self._exit_reason("the kernel died", late)
        except KernelExit as gone:
            task.cancel()
            await self._end(gone)
        except Exception as nonsense:  # nbclient trusts kernels; this one is a stranger's
            await self._end(_invalid_message(nonsense))
        seconds = time.monotonic() - began
        shown, left_out = trim_outputs(cell)
        left_out += omitted_by_kernel(reply.get("metadata"))
        figures = shown + left_out.pictures_dropped
        ran = partial(CellRun, index=index, seconds=seconds, figures=figures, omitted=left_out)
        if self.kernel_exit is not None:
            status: CellStatus = "timeout" if self.kernel_exit.timeout else "died"
            return ran(status=status, error_name=self.kernel_exit.limit_exceeded)
        content = reply.get("content", {})
        number = content.get("execution_count")
        number = number if isinstance(number, int) else 0
        self._sources[number] = str(cell.source)
        if content.get("status") != "error" and not late:
            if _asks_to_exit(content.get("payload")):
                await self._await_exit()
            return ran(status="ok")
        name, text = str(content.get("ename", ""))[:200], str(content.get("evalue", ""))[:4000]
        trace = _trace(content.get("traceback"))
        line = _LINE.search(trace)
        if self._from_provisioner("lacks_space", lambda _: False)(text):
            raise HarnessError(NO_DISK)
        excused = "" if late else excuse(name, text)
        if excused in OF_IMPORTS and not import_failed(
            text, trace[-MOST_TRACE:], self._sources, number
        ):
            excused = ""
        return ran(
            status="timeout" if late else "error",
            error_name=name,
            error_text=_ANSI.sub("", text),
            traceback=trace[:MOST_TRACE],
            line=int(line[1]) if line else None,
            excused=excused,
        )

    async def ask(self, expression: str, seconds: float) -> dict[str, Any]:
        """Return the reply that carries the value of a Python ``expression``.

        Raises ``KernelExit`` when the kernel dies or does not answer in time.
        """
        if self.kernel_exit is not None:
            raise self.kernel_exit
        kc, km = self.client.kc, self.kernel
        assert kc is not None
        asked = {"reply": expression}
        sent = kc.execute("", silent=True, store_history=False, user_expressions=asked)
        began = time.monotonic()
        try:
            while (left := began + seconds - time.monotonic()) > 0:
                try:
                    message = await kc.shell_channel.get_msg(timeout=min(left, 0.5))
                    if message["parent_header"].get("msg_id") == sent:
                        return dict(message)
                except Empty:
                    if not await km.is_alive():
                        self.kernel_exit = self._exit_reason(
                            "the kernel died while it was probed", False
                        )
                        raise self.kernel_exit from None
                except Exception as nonsense:
                    raise await self._end(_invalid_message(nonsense)) from None
            raise await self._end(KernelExit("the probe ran into its time limit", timeout=True))
        finally:
            self.started += time.monotonic() - began  # it is not the notebook's own time

    async def _await_exit(self) -> None:
        """After quit(): the kernel has replied and ends; the cells after it are not run."""
        deadline = time.monotonic() + GRACE
        while await self.kernel.is_alive() and time.monotonic() < deadline:
            await asyncio.sleep(0.05)
        await self._end(KernelExit("the notebook ended its kernel", timeout=False))

    def _from_provisioner(self, name: str, otherwise: Any = "") -> Any:
        """Return an attribute that not every provisioner has."""
        return getattr(self.kernel.provisioner, name, otherwise)

    async def _end(self, gone: KernelExit) -> KernelExit:
        """Kill the kernel and remember why; the reason of one that had ended by then is better."""
        if self._from_provisioner("limit_exceeded") or not await self.kernel.is_alive():
            gone = self._exit_reason(str(gone), gone.timeout, gone.limit_exceeded)
        await _quietly(self.kernel.shutdown_kernel(now=True))
        self.kernel_exit = gone
        return gone

    def _exit_reason(self, message: str, late: bool, limit_exceeded: str = "") -> KernelExit:
        """Return why the kernel ended. Raises ``HarnessError`` after an internal error."""
        if fault := self._from_provisioner("harness_error"):
            raise HarnessError(fault)
        limit_exceeded = self._from_provisioner("limit_exceeded") or limit_exceeded
        return KernelExit(message, late and not limit_exceeded, limit_exceeded)

    def figures(self) -> list[Figure]:
        """Return the pictures that the cells showed, in order."""
        cells = self.client.nb.cells
        return [figure for run in self.runs for figure in figures(cells[run.index], run)]

    def notebook(self) -> str:
        """Return the notebook with its outputs, as nbformat 4 JSON."""
        for run in self.runs:
            trim_outputs(self.client.nb.cells[run.index])  # a later cell may have changed them
        return str(nbformat.writes(self.client.nb))


@contextlib.asynccontextmanager
async def open_session(
    submission: Submission, limits: Limits, kernel: AsyncKernelManager, **start: Any
) -> AsyncIterator[Session]:
    """Start ``kernel``, give the session, and end the kernel whatever happens.

    ``start`` goes to the kernel's launcher: ``cwd``, ``env``. Raises ``HarnessError`` when it
    dies before it is ready: nothing of the submission has run by then.
    """
    kernel.session = UnguessableSession(parent=kernel)
    client = _Client(
        as_notebook(submission),
        km=kernel,
        timeout=None,
        allow_errors=True,
        shutdown_kernel="immediate",
        log=_silent(),
        store_widget_state=False,
    )
    async with contextlib.AsyncExitStack() as stack:
        try:
            await stack.enter_async_context(client.async_setup_kernel(cleanup_kc=True, **start))
        except RuntimeError as error:  # jupyter_client's, of a kernel that does not answer
            atexit.unregister(client._cleanup_kernel)  # nbclient leaves it, with nothing to clean
            raise HarnessError(f"the kernel never was ready: {error}") from error
        yield Session(client, kernel, submission, limits, time.monotonic())


def _trace(said: object) -> str:
    """Return the traceback of a reply as text, whatever its type is."""
    lines = said if isinstance(said, list) else []
    return _ANSI.sub("", "\n".join(map(str, lines)))


def _asks_to_exit(payload: object) -> bool:
    """Return True if a reply carries what quit() leaves in it."""
    parts = payload if isinstance(payload, list) else []
    return any(isinstance(part, dict) and part.get("source") == "ask_exit" for part in parts)


def _invalid_message(error: Exception) -> KernelExit:
    said = f"the kernel said what no kernel says: {type(error).__name__}"
    return KernelExit(said, timeout=False, limit_exceeded="messages")


async def _quietly(awaitable: Any) -> None:
    """Await what may fail because the kernel is already gone."""
    with contextlib.suppress(Exception):
        await awaitable


def _silent() -> logging.Logger:
    logger = logging.getLogger("grader.nbclient")
    logger.setLevel(logging.CRITICAL)
    return logger
