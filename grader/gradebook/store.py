"""The gradebook's file: opened, checked, brought up to date, backed up; faults in words.

Not in WAL mode: its shared memory works on no network file system, and a course's folder often
lies on one. Every commit reaches the disk before anybody is told of it.
"""

from __future__ import annotations

import contextlib
import errno
import os
import secrets
import sqlite3
from collections.abc import Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from grader.core.note_error import NoteError
from grader.gradebook.schema import APPLICATION, VERSIONS

BACKUP: Final = ".bak"
WAITS: Final = 30.0  # seconds for another grader to end its transaction

_KINDS: Final = {
    sqlite3.SQLITE_FULL: "full",
    sqlite3.SQLITE_IOERR: "disk",
    sqlite3.SQLITE_CORRUPT: "torn",
    sqlite3.SQLITE_NOTADB: "torn",
    sqlite3.SQLITE_BUSY: "busy",
    sqlite3.SQLITE_LOCKED: "busy",
    sqlite3.SQLITE_READONLY: "readonly",
    sqlite3.SQLITE_PERM: "readonly",
    sqlite3.SQLITE_CANTOPEN: "closed",
}


class GradebookError(NoteError):
    """Nothing was done; ``note`` says why and what to do."""

    prefix = "gradebook.error"


@dataclass(frozen=True, slots=True)
class Gradebook:
    """An open gradebook. ``was_made`` says that there was none before."""

    connection: sqlite3.Connection
    path: Path
    is_new: bool = False

    def reading(self) -> AbstractContextManager[sqlite3.Connection]:
        """Open a block in which all that is read is of one moment."""
        return self.transaction(write=False)

    def writing(self) -> AbstractContextManager[sqlite3.Connection]:
        """Open a block that writes all, or nothing; other writers wait."""
        return self.transaction(write=True)

    @contextlib.contextmanager
    def transaction(self, write: bool) -> Iterator[sqlite3.Connection]:
        """Open a block for `writing` or `reading`."""
        with _transaction(self.connection, "BEGIN IMMEDIATE" if write else "BEGIN"):
            yield self.connection


@contextlib.contextmanager
def open_gradebook(path: Path, *, make: bool = False, write: bool = False) -> Iterator[Gradebook]:
    """Open the gradebook at ``path``; with ``make`` a new one where there is none.

    Whoever is going to ``write`` leaves a copy of what was whole before, beside it. Raises
    ``GradebookError`` for whatever keeps it from being read or written, in the block too.
    """
    _is_there(path, make)
    with contextlib.ExitStack() as stack:
        try:
            connection = sqlite3.connect(
                f"{path.absolute().as_uri()}?mode={'rwc' if make else 'rw'}",
                uri=True,
                timeout=WAITS,
                isolation_level=None,
            )
            stack.callback(connection.close)
            was_made = _prepared(connection, path, write or make)
            yield Gradebook(connection, path, was_made)
        except sqlite3.Error as error:
            raise _in_words(error, path) from error


def check_writable(path: Path) -> None:
    """Raise ``GradebookError`` where no new gradebook can be made at ``path``."""
    _is_there(path, make=True)
    folder = path.absolute().parent
    if not (folder.is_dir() and os.access(folder, os.W_OK | os.X_OK)):
        raise GradebookError("closed", path=str(path), reason=os.strerror(_why_not(folder)))


def _why_not(folder: Path) -> int:
    return errno.EACCES if folder.is_dir() else errno.ENOENT


def _is_there(path: Path, make: bool) -> None:
    """Raise ``GradebookError`` where there is nothing, or nothing is left of what was there."""
    try:
        size = path.stat().st_size
    except FileNotFoundError:
        size = -1
    except OSError as error:
        raise GradebookError("closed", path=str(path), reason=str(error.strerror)) from None
    if size <= 0 and _backup_of(path).is_file():
        raise GradebookError("lost", path=str(path), backup=str(_backup_of(path)))
    if size <= 0 and not make:
        raise GradebookError("nothing", path=str(path))


def _prepared(connection: sqlite3.Connection, path: Path, write: bool) -> bool:
    """Check the file, and bring it up to date where it is written; whether it is a new one."""
    connection.execute("PRAGMA foreign_keys = ON")
    connection.execute("PRAGMA synchronous = EXTRA")
    with _transaction(connection, "BEGIN"):  # all of one moment: another may just make it
        is_empty = _is_empty(connection)
        size = _number(connection, "page_count") * _number(connection, "page_size")
        # What was cut off within the last page counts as zeros to SQLite, and as whole.
        if connection.execute("PRAGMA integrity_check(1)").fetchone() != ("ok",):
            raise _torn(path)
        application = _number(connection, "application_id")
        version = _number(connection, "user_version")
        if (is_empty or application == APPLICATION) and path.stat().st_size != size:
            raise _torn(path)
    is_new = application == version == 0 and is_empty
    if not is_new and application != APPLICATION:
        raise GradebookError("other", path=str(path))
    if version > len(VERSIONS):
        raise GradebookError("newer", path=str(path), version=version, known=len(VERSIONS))
    is_old = version < len(VERSIONS)
    if (write or is_old) and not is_new:
        back_up(connection, path)
    if is_old:
        _migrate(connection)
    return is_new


def _migrate(connection: sqlite3.Connection) -> None:
    """Make all tables that are missing, in one transaction; another process may be quicker."""
    with _transaction(connection, "BEGIN IMMEDIATE"):
        for version in range(_number(connection, "user_version"), len(VERSIONS)):
            for statement in VERSIONS[version]:
                connection.execute(statement)
        connection.execute(f"PRAGMA user_version = {len(VERSIONS)}")
        connection.execute(f"PRAGMA application_id = {APPLICATION}")


def back_up(connection: sqlite3.Connection, path: Path) -> None:
    """Leave a copy of the gradebook beside it, in the place of the last one.

    It is written whole before it takes that place.
    """
    draft = path.with_name(f".{path.name}.{secrets.token_hex(6)}.part")
    try:
        draft.touch(0o600, exist_ok=False)
        _share_alike(draft, path)
        with contextlib.closing(sqlite3.connect(draft)) as copy:
            connection.backup(copy)
        os.replace(draft, _backup_of(path))
    except OSError as error:
        raise GradebookError("disk", path=str(path), reason=str(error.strerror)) from error
    finally:
        draft.unlink(missing_ok=True)


def _share_alike(draft: Path, path: Path) -> None:
    """Let those read ``draft`` who may read ``path``, and nobody else."""
    like = path.stat()
    rights = like.st_mode & 0o777
    try:
        os.chown(draft, -1, like.st_gid)
    except OSError:  # not our group
        rights &= ~0o070
    draft.chmod(rights)


@contextlib.contextmanager
def _transaction(connection: sqlite3.Connection, begin: str) -> Iterator[None]:
    connection.execute(begin)
    try:
        yield
        connection.execute("COMMIT")
    except BaseException:
        if connection.in_transaction:  # SQLite itself ends it where the disk is full
            connection.execute("ROLLBACK")
        raise


def _backup_of(path: Path) -> Path:
    return path.with_name(path.name + BACKUP)


def _number(connection: sqlite3.Connection, pragma: str) -> int:
    return int(connection.execute(f"PRAGMA {pragma}").fetchone()[0])


def _is_empty(connection: sqlite3.Connection) -> bool:
    return connection.execute("SELECT 1 FROM sqlite_master").fetchone() is None


def _torn(path: Path) -> GradebookError:
    backup = _backup_of(path)
    if backup.is_file():
        return GradebookError("torn_with_backup", path=str(path), backup=str(backup))
    return GradebookError("torn", path=str(path))


def _in_words(error: sqlite3.Error, path: Path) -> GradebookError:
    code = getattr(error, "sqlite_errorcode", None)  # absent on faults of the module's own
    kind = "" if code is None else _KINDS.get(code & 0xFF, "")
    if kind == "torn":
        return _torn(path)
    return GradebookError(kind or "unknown", path=str(path), reason=str(error))
