"""A class that is kept, and a platform that speaks LTI 1.3."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.lms import lti
from tests.support.lms.lti import Platform
from tests.support.lti_terms import CLASS
from tests.support.passbacks import Term, scores, users


@pytest.fixture
def term(tmp_path: Path) -> Term:
    """A class, graded."""
    term = Term(tmp_path)
    term.grade(scores(CLASS))
    return term


@pytest.fixture
def platform(term: Term) -> Iterator[Platform]:
    with lti.course(users(CLASS)) as platform:
        term.lti(platform.url)
        yield platform
