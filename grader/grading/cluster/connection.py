"""The way to the scheduler, and what keeps us from it in a sentence."""

from __future__ import annotations

import contextlib
import logging
import warnings
from collections.abc import Iterator
from typing import TYPE_CHECKING

from grader.core.note_error import NoteError
from grader.core.types import Value

if TYPE_CHECKING:
    from distributed import Client

_CONNECT_SECONDS = 10
_LEAVE_SECONDS = 5


class ClusterError(NoteError):
    """The cluster can't be used; ``note`` says why. ``midway`` when it could before."""

    prefix = "cluster"

    def __init__(self, message: str, *, midway: bool = False, **values: Value) -> None:
        super().__init__(message, **values)
        self.midway = midway


@contextlib.contextmanager
def connected(address: str) -> Iterator[Client]:
    """Connect to the scheduler at ``address``. Raises ``ClusterError``."""
    try:
        from distributed import Client
    except ImportError:
        raise ClusterError("extra") from None
    with _quiet():
        try:
            client = Client(address, timeout=_CONNECT_SECONDS, set_as_default=False, name="grader")
        except (OSError, ValueError, RuntimeError) as error:
            why = str(error).splitlines()[0] if str(error) else type(error).__name__
            raise ClusterError("unreachable", address=address, why=why) from None
        try:
            yield client
        finally:
            with contextlib.suppress(Exception):
                client.close(_LEAVE_SECONDS)


@contextlib.contextmanager
def _quiet() -> Iterator[None]:
    """Dask's own lines are for who looks after the cluster; here sentences say what matters."""
    names = [name for name in logging.root.manager.loggerDict if name.startswith("distributed")]
    levels = {name: logging.getLogger(name).level for name in names}
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", module="distributed")
        warnings.filterwarnings("ignore", message="Sending large graph")
        for name in names:
            logging.getLogger(name).setLevel(logging.CRITICAL + 1)
        try:
            yield
        finally:
            for name, level in levels.items():
                logging.getLogger(name).setLevel(level)
