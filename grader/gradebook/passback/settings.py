"""``lms.toml``: where a platform is, and who we are to it. Secrets have no key in it."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Final
from urllib.parse import urlsplit

from pydantic import AfterValidator, BaseModel, Field

from grader.assignment.exercise import FrozenModel, Positive
from grader.assignment.load import read_strictly

FILE: Final = Path("lms.toml")
_HERE: Final = ("localhost", "127.0.0.1", "::1")


def _safe(url: str) -> str:
    """Check that a secret may travel to this URL. Raises ``ValueError``."""
    parts = urlsplit(url)
    if not parts.hostname or parts.username or parts.password or parts.fragment:
        raise ValueError("expected a URL, without a user's name or a fragment")
    if parts.scheme != "https" and not (parts.scheme == "http" and parts.hostname in _HERE):
        raise ValueError("expected a URL that begins with https://")
    return url


Url = Annotated[str, AfterValidator(_safe)]
Text = Annotated[str, Field(min_length=1)]


class Retry(FrozenModel):
    """The number of tries, and how long the pauses are: each twice the one before."""

    tries: Annotated[int, Field(ge=1, le=20)] = 5
    first_seconds: Positive = 1.0
    longest_seconds: Positive = 120.0
    timeout_seconds: Positive = 30.0


class LtiSettings(FrozenModel):
    """A tool as it is registered with a platform. ``key_file`` holds the tool's private key.

    ``memberships`` is the URL of names and roles. ``canvas`` says that the platform is Canvas,
    which takes its own numbers for users, and is told that a score is no submission.
    """

    client_id: Text
    key_id: Text
    token_url: Url
    lineitems: dict[str, Url]
    audience: str = ""
    memberships: Url | None = None
    canvas: bool = False
    key_file: str = ""


class CanvasSettings(FrozenModel):
    """A course of Canvas's. ``token_file`` holds an access token."""

    url: Url
    course: Annotated[str, Field(pattern=r"^\d+$")]
    assignments: dict[str, Annotated[str, Field(pattern=r"^\d+$")]]
    token_file: str = ""


class Settings(FrozenModel):
    """The whole of ``lms.toml``."""

    lti: LtiSettings | None = None
    canvas: CanvasSettings | None = None
    retry: Retry = Retry()


_TABLES: Final[dict[str, type[BaseModel]]] = {
    "lti": LtiSettings,
    "canvas": CanvasSettings,
    "retry": Retry,
}


def read_settings(file: Path) -> Settings:
    """Read the settings. Raises ``AssignmentError`` with every fault of ``file``."""
    return read_strictly(file, Settings, _TABLES)
