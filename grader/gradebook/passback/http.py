"""Requests to a platform: bounded in time and size, tried again where that may help.

A redirect is never followed, so that a secret goes nowhere but where the settings say.
"""

from __future__ import annotations

import email.utils
import json
import random
import re
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Final
from urllib.parse import urljoin, urlsplit

import httpx

from grader.core.types import Note, Value
from grader.gradebook.passback.secret import PassbackError, Redactor
from grader.gradebook.passback.settings import Retry
from grader.report.text.sanitize import one_line

_PASSES: Final = (408, 425, 429, 500, 502, 503, 504)
_MOST_BYTES: Final = 32 * 2**20
_MOST_PAGES: Final = 1000
_LINK: Final = re.compile(r'<([^<>]*)>((?:\s*;\s*[\w*-]+\s*=\s*(?:"[^"]*"|[^\s",;]+))*)')
_REL: Final = re.compile(r';\s*rel\s*=\s*(?:"([^"]*)"|([^\s",;]+))', re.IGNORECASE)


class NoResponse(PassbackError):
    """Tried as often as was asked for: whether it arrived is not known."""


@dataclass(frozen=True, kw_only=True, slots=True)
class HttpRequest:
    """One request."""

    method: str
    url: str
    headers: Mapping[str, str] = field(default_factory=dict)
    content: bytes = b""


@dataclass(frozen=True, slots=True)
class HttpResponse:
    """A platform's answer, and after how many tries it came."""

    status: int
    headers: Mapping[str, str]
    body: bytes
    tries: int

    def json(self) -> Any:
        """Read the body. Raises ``ValueError`` for what is no JSON."""
        return json.loads(self.body)


class HttpClient:
    """A platform over HTTP. Close it, or use it in a ``with`` statement."""

    def __init__(self, retry: Retry, redactor: Redactor, say: Callable[[Note], None]) -> None:
        self._retry, self._say = retry, say
        self.redactor = redactor
        self._client = httpx.Client(timeout=retry.timeout_seconds, follow_redirects=False)

    def __enter__(self) -> HttpClient:
        return self

    def __exit__(self, *_: object) -> None:
        self._client.close()

    def request(self, make: Callable[[], HttpRequest]) -> HttpResponse:
        """Return the answer to a request that ``make`` makes anew for each try.

        Tried again are no answer at all, "too many" and faults of the server's own. Raises
        ``NoResponse`` when that goes on.
        """
        why, pause = "", 0.0
        for number in range(1, self._retry.tries + 1):
            if number > 1:
                shown: dict[str, Value] = {"why": why, "seconds": round(pause, 1), "number": number}
                self._say(Note(message_id="passback.again", values=shown))
                time.sleep(pause)
            asked = make()
            try:
                answer = self._once(asked, number)
            except httpx.RequestError as error:
                said = one_line(self.redactor.redact(str(error)), 200)
                why, pause = f"{type(error).__name__} {said}".strip(), self._pause(number)
                continue
            if not _may_pass(answer):
                return answer
            why, pause = f"HTTP {answer.status}", self._pause(number)
            wanted = _retry_after(answer)
            if wanted is not None and wanted > self._retry.longest_seconds:
                raise NoResponse("busy", host=_host(asked.url), seconds=round(wanted))
            pause = max(pause, wanted or 0.0)
        raise NoResponse("unanswered", host=_host(asked.url), why=why, tries=self._retry.tries)

    def json_pages(self, url: str, make: Callable[[str], HttpRequest]) -> Iterator[Any]:
        """Read the JSON of all pages, each naming the next in its header ``Link``.

        Raises ``PassbackError`` for what is refused or no JSON, and where another host is named.
        """
        for _ in range(_MOST_PAGES):
            here = url
            answer = self.request(lambda: make(here))  # noqa: B023 - it is asked at once
            if answer.status != 200:
                raise PassbackError("reading", told=self.describe_refusal(answer), host=_host(url))
            try:
                yield answer.json()
            except ValueError:
                raise PassbackError("no_json", host=_host(url)) from None
            following = _next(answer.headers.get("link", ""))
            if following is None:
                return
            url = urljoin(here, following)
            if _origin(url) != _origin(here):
                raise PassbackError("elsewhere", host=_host(url))

    def describe_refusal(self, answer: HttpResponse) -> str:
        """Return a refusal in short: its status and what the platform said, without any secret."""
        whole = self.redactor.redact(answer.body.decode("utf-8", "replace"))  # before it is cut
        return f"HTTP {answer.status} {one_line(whole, 200)}".strip()

    def _once(self, asked: HttpRequest, number: int) -> HttpResponse:
        with self._client.stream(
            asked.method, asked.url, headers=dict(asked.headers), content=asked.content or None
        ) as response:
            body = bytearray()
            for part in response.iter_bytes():
                body += part
                if len(body) > _MOST_BYTES:
                    raise PassbackError("too_much", host=_host(asked.url))
            headers = {name.lower(): value for name, value in response.headers.items()}
            return HttpResponse(response.status_code, headers, bytes(body), number)

    def _pause(self, number: int) -> float:
        """Half to all of a pause that doubles, so that many graders don't come back at once."""
        longest = min(self._retry.first_seconds * 2 ** (number - 1), self._retry.longest_seconds)
        return float(longest * random.uniform(0.5, 1.0))


def _next(links: str) -> str | None:
    """Return the URL of the next page out of a header ``Link``; see RFC 8288, section 3."""
    for link in _LINK.finditer(links):
        rel = _REL.search(link[2])
        if rel and "next" in (rel[1] or rel[2]).casefold().split():
            return link[1]
    return None


def _may_pass(answer: HttpResponse) -> bool:
    """Return True where asking again may help. Canvas says 403 where it means 429."""
    limited = answer.status == 403 and b"rate limit" in answer.body[:2000].lower()
    return answer.status in _PASSES or limited


def _retry_after(answer: HttpResponse) -> float | None:
    """Read the seconds that the platform asks for, as a number or as a date."""
    text = answer.headers.get("retry-after", "").strip()
    if re.fullmatch(r"\d{1,9}(\.\d+)?", text):
        return float(text)
    try:
        until = email.utils.parsedate_to_datetime(text)
    except ValueError:
        return None
    return max(0.0, (until - datetime.now(UTC)).total_seconds()) if until.tzinfo else None


def _host(url: str) -> str:
    return urlsplit(url).hostname or ""


def _origin(url: str) -> tuple[str, str]:
    parts = urlsplit(url)
    return parts.scheme, parts.netloc
