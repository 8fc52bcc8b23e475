"""Limit what a kernel puts out, before it is sent.

An honest kernel never sends more than the grader takes: long text is cut, a large bitmap is
made smaller, the rest is dropped, and the reply to each cell counts what was left out. This
protects nothing from a kernel that is not honest; the limits outside the box do. A kernel
without a box loads this module by its path.
"""

from __future__ import annotations

import base64
import io
import os
import threading
import warnings
from collections.abc import Callable, Mapping
from typing import Any

LEFT_OUT = "grader_left_out"
"""The key of the counts in the metadata of a reply."""

_ENVELOPE = 1000  # bytes of a message beside its content
_LARGEST = 6 * 2**20  # bytes of a message; the client takes 8 MiB
_LINE = 20_000  # characters of one string of an error
_ENDS = 20  # strings that are kept of each end of a long traceback
_AT_ONCE = 100  # pieces of text of a cell that are sent as they come
_TOGETHER = 50_000  # characters in which later pieces are sent
_PIXELS = 40_000_000  # of a bitmap that is made smaller: its memory counts as the notebook's
_TRIES = 4  # at making a bitmap smaller
_REST = "\n... the rest is left out\n"
_BITMAPS = {"image/png": "PNG", "image/jpeg": "JPEG"}
_BUNDLES = ("display_data", "update_display_data", "execute_result")
_COMMS = ("comm_open", "comm_msg", "comm_close")

_Message = dict[str, Any]
_Send = Callable[[_Message], Any]


def limit(session: Any, text: int, picture: int, everything: int) -> None:
    """Let ``session`` send at most ``everything`` bytes of output.

    ``text`` is how many characters are kept of one output, and of each stream of a cell;
    ``picture`` is how many are kept of a picture in base64.
    """
    session.send = _Limited(session, text, picture, everything).send


class _Limited:
    """A session's ``send`` with limits. Any thread may call it."""

    def __init__(self, session: Any, text: int, picture: int, everything: int) -> None:
        self._session, self._send = session, session.send
        self._text, self._picture, self._left = text, picture, everything
        self._pid, self._lock = os.getpid(), threading.RLock()
        self._begin()

    def _begin(self) -> None:
        """Begin a cell. It may use half of what is left, so that there is room for later ones."""
        self._of_cell = self._left // 2
        self._room: dict[str, int] = {}  # characters that are still kept of each stream
        self._pieces = 0
        self._held: dict[str, tuple[_Message, _Send]] = {}  # text that is not sent yet
        self._counts = {
            "bytes_written": 0,
            "bytes_kept": 0,
            "pictures_shrunk": 0,
            "pictures_dropped": 0,
            "largest_picture": 0,
        }

    def send(
        self,
        stream: Any,
        msg_or_type: Any,
        content: Any = None,
        parent: Any = None,
        ident: Any = None,
        buffers: Any = None,
        track: bool = False,
        header: Any = None,
        metadata: Any = None,
    ) -> Any:
        """Do as ``Session.send``; return None where the message is dropped or sent later."""
        if isinstance(msg_or_type, Mapping):
            message = dict(msg_or_type)
            buffers = buffers or message.get("buffers")
        else:
            message = self._session.msg(msg_or_type, content, parent, header, metadata)

        def send(message: _Message) -> Any:
            return self._send(stream, message, ident=ident, buffers=buffers, track=track)

        kind, content = message.get("msg_type"), message.get("content")
        if not isinstance(content, dict):
            return send(message)
        if self._pid != os.getpid():  # a fork; a thread that it lacks may have held the lock
            self._pid, self._lock = os.getpid(), threading.RLock()
        with self._lock:
            if kind == "stream":
                return self._print(message, send)
            if kind in _BUNDLES:
                return self._show(message, send)
            if kind == "error":
                return self._output(message, self._error(content), send)
            if kind == "clear_output" or kind in _COMMS:
                return self._output(
                    message, content, send, sum(memoryview(part).nbytes for part in buffers or ())
                )
            if kind == "execute_reply":
                return self._reply(message, send)
            if kind == "execute_input":
                message["content"] = {**content, "code": str(content.get("code"))[: self._text]}
            return send(message)

    def _print(self, message: _Message, send: _Send) -> None:
        """Keep the beginning of what a cell prints, and send many small pieces as one."""
        content = message["content"]
        name, text = str(content.get("name")), str(content.get("text"))
        room = self._room.get(name, self._text)
        self._room[name] = max(0, room - len(text))
        self._counts["bytes_written"] += _bytes(text)
        kept = text if len(text) <= room else text[: max(0, room - len(_REST))] + _REST
        if not room:
            return
        before, _ = self._held.get(name, (None, None))
        if before and before["parent_header"] != message.get("parent_header"):
            self._release()
            before = None
        kept = before["content"]["text"] + kept if before else kept
        self._held[name] = {**message, "content": {**content, "text": kept}}, send
        self._pieces += 1
        if self._pieces <= _AT_ONCE or len(kept) > _TOGETHER:
            self._release()

    def _release(self) -> None:
        """Send the text that was held back."""
        held, self._held = self._held, {}
        for message, send in held.values():
            if self._pays(message):
                self._counts["bytes_kept"] += _bytes(message["content"]["text"])
                send(message)

    def _show(self, message: _Message, send: _Send) -> Any:
        """Send the data of one output: text is cut, pictures are made smaller or left out."""
        content = message["content"]
        data = content.get("data")
        data = data if isinstance(data, dict) else {}
        pictures = [value for mime, value in data.items() if is_picture(mime)]
        kept: dict[str, Any] = {}
        smaller = False
        for mime, value in data.items():
            if isinstance(value, str) and not is_picture(mime):
                kept[mime] = cut(value, self._text)
            elif self._size(value) <= self._picture:
                kept[mime] = value
            elif mime in _BITMAPS and (small := _smaller(mime, value, self._picture)):
                kept[mime], smaller = small, True
        if not pictures:
            return self._output(message, {**content, "data": kept}, send)
        self._release()
        message["content"] = {**content, "data": kept}
        sends = self._pays(message)
        is_shown = sends and any(map(is_picture, kept))
        if smaller or not is_shown:
            self._counts["pictures_shrunk" if is_shown else "pictures_dropped"] += 1
            largest = max(map(self._size, pictures)) * 3 // 4  # of base64
            self._counts["largest_picture"] = max(self._counts["largest_picture"], largest)
        return send(message) if sends else None

    def _output(self, message: _Message, kept: _Message, send: _Send, buffers: int = 0) -> Any:
        """Send an output of which ``kept`` is what remains, if there is room for it."""
        self._release()
        self._counts["bytes_written"] += self._size(message["content"]) + buffers
        message["content"] = kept
        if not self._pays(message, buffers):
            return None
        self._counts["bytes_kept"] += self._size(kept) + buffers
        return send(message)

    def _reply(self, message: _Message, send: _Send) -> Any:
        """Send a cell's reply, with what was left out of its output. The answers are kept."""
        self._release()
        content = self._error(message["content"])
        payload = content.get("payload")
        if isinstance(payload, list) and self._size(payload) > self._text:
            content["payload"] = [part for part in payload if self._size(part) < _LINE]
        message["content"] = content
        counts = self._counts
        if (
            counts["bytes_kept"] < counts["bytes_written"]
            or counts["pictures_shrunk"]
            or counts["pictures_dropped"]
        ):
            message["metadata"] = {**(message.get("metadata") or {}), LEFT_OUT: counts}
        self._begin()
        return send(message)

    def _error(self, content: _Message) -> _Message:
        """Return a copy of ``content`` with a short error."""
        content = dict(content)
        for name in ("ename", "evalue"):
            if isinstance(content.get(name), str):
                content[name] = cut(content[name], _LINE)
        if isinstance(lines := content.get("traceback"), list):
            lines = [cut(str(line), _LINE) for line in lines]
            is_long = sum(map(len, lines)) > self._text
            content["traceback"] = lines[:_ENDS] + lines[-_ENDS:] if is_long else lines
        return content

    def _pays(self, message: _Message, buffers: int = 0) -> bool:
        """Take the room that a message needs; return whether there was so much."""
        size = self._size(message["content"]) + self._size(message.get("metadata"))
        size += _ENVELOPE + buffers
        if size > min(_LARGEST, self._of_cell):
            return False
        self._of_cell -= size
        self._left -= size
        return True

    def _size(self, value: Any) -> int:
        """Return the bytes of a value as JSON."""
        return len(value) if isinstance(value, str) else len(self._session.pack(value))


def is_picture(mime: str) -> bool:
    """Return True for the type of data that counts as a picture."""
    return mime.startswith("image/") or mime == "application/pdf"


def _bytes(text: str) -> int:
    return len(text.encode("utf-8", "replace"))


def cut(text: str, most: int) -> str:
    """Return ``text`` cut to ``most`` characters, the last of which say so."""
    if len(text) <= most:
        return text
    said = f"\n... {len(text) - most} characters left out"
    return text[: most - len(said)] + said


def _smaller(mime: str, text: str, most: int) -> str | None:
    """Return a bitmap of at most ``most`` characters in base64; None where none can be made."""
    try:
        from PIL import Image

        with (
            warnings.catch_warnings(action="ignore"),
            Image.open(io.BytesIO(base64.b64decode(text))) as picture,
        ):
            if picture.width * picture.height > _PIXELS:
                return None
            for _ in range(_TRIES):
                share = 0.9 * (most / len(text)) ** 0.5
                width, height = (max(1.0, side * share) for side in picture.size)
                picture.thumbnail((width, height))
                picture.save(file := io.BytesIO(), _BITMAPS[mime])
                text = base64.b64encode(file.getvalue()).decode()
                if len(text) <= most:
                    return text
    except Exception:  # whatever the bytes are, the picture is left out
        return None
    return None
