"""An HTTP server that fails in the ways that platforms do."""

from __future__ import annotations

import json
import os
import signal
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Protocol
from urllib.parse import parse_qs, urlsplit


@dataclass(frozen=True)
class Request:
    """What came in."""

    method: str
    path: str
    query: Mapping[str, list[str]]
    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True)
class Reply:
    """What goes out; ``content`` as JSON."""

    status: int = 200
    content: Any = None
    headers: Mapping[str, str] = field(default_factory=dict)


class Refused(Exception):
    """The platform says no."""

    def __init__(self, status: int, content: Any = None) -> None:
        super().__init__(status, content)
        self.reply = Reply(status, content)


class Site(Protocol):
    """What answers requests. ``url`` is where it is reached."""

    url: str

    def answer(self, request: Request) -> Reply: ...


@dataclass
class Faults:
    """Faults to come, each met by the next request whose method and path begin so.

    "429", "429 SECONDS", "403 limit" or "500": that status, and nothing done. "drop": the
    connection is closed, and nothing done. "late": it is done, and nobody is told. "slow": it is
    done, and told too late. "kill": it is done, and whoever asked is killed.
    """

    asking: int = 0  # the process that "kill" ends
    coming: list[tuple[str, str]] = field(default_factory=list)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def next(self, request: Request) -> str:
        about = f"{request.method} {request.path}"
        with self.lock:
            for number, (start, fault) in enumerate(self.coming):
                if about.startswith(start):
                    del self.coming[number]
                    return fault
        return ""


@dataclass
class Seen:
    """Every request with the status that it got; 0 where nobody was told."""

    requests: list[tuple[str, str, int]] = field(default_factory=list)

    def count(self, start: str) -> int:
        return sum(f"{method} {path}".startswith(start) for method, path, _ in self.requests)


@contextmanager
def serving(site: Site, faults: Faults, seen: Seen, patience: float) -> Iterator[None]:
    """Let ``site`` answer on loopback; what is slow takes longer than ``patience`` seconds."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def handle_any(self) -> None:
            parts = urlsplit(self.path)
            length = int(self.headers.get("Content-Length") or 0)
            request = Request(
                self.command,
                parts.path,
                parse_qs(parts.query),
                {name.lower(): value for name, value in self.headers.items()},
                self.rfile.read(length),
            )
            fault = faults.next(request)
            if fault[:1].isdigit():
                status, _, more = fault.partition(" ")
                after = {"Retry-After": more} if more.isdigit() else {}
                content = {"errors": "Rate Limit Exceeded"} if more == "limit" else None
                return self.reply(request, Reply(int(status), content, after))
            if fault == "drop":
                return self.dropped(request)
            try:
                reply = site.answer(request)
            except Refused as refused:
                reply = refused.reply
            if fault == "kill":
                os.kill(faults.asking, signal.SIGKILL)
            if fault in ("late", "kill"):
                return self.dropped(request)
            if fault == "slow":
                time.sleep(patience * 2)
            return self.reply(request, reply)

        do_GET = do_POST = do_PUT = handle_any

        def dropped(self, request: Request) -> None:
            seen.requests.append((request.method, request.path, 0))
            self.close_connection = True

        def reply(self, request: Request, reply: Reply) -> None:
            seen.requests.append((request.method, request.path, reply.status))
            body = b"" if reply.content is None else json.dumps(reply.content).encode()
            try:
                self.send_response(reply.status)
                for name, value in reply.headers.items():
                    self.send_header(name, value)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)
            except OSError:  # the client did not wait
                self.close_connection = True

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    site.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    try:
        yield
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
