"""A reference that computes once what many models are held against."""

from __future__ import annotations

import hashlib
import pickle
from collections.abc import Callable
from functools import cached_property, wraps
from typing import Any, Concatenate, ParamSpec, TypeVar

from grader.judge.reference.model import ReferenceModel

_Arguments = ParamSpec("_Arguments")
_Answer = TypeVar("_Answer")


def _cached(
    method: Callable[Concatenate[Any, _Arguments], _Answer],
) -> Callable[Concatenate[Any, _Arguments], _Answer]:
    """Keep the answers of ``method`` in the cache of the object."""

    @wraps(method)
    def answer(self: Any, /, *args: _Arguments.args, **kw: _Arguments.kwargs) -> _Answer:
        question = pickle.dumps((method.__name__, args, kw), protocol=5)
        key = hashlib.blake2b(question, digest_size=16).digest()
        if key not in self.cache:
            self.cache[key] = method(self, *args, **kw)
        kept: _Answer = _copied(self.cache[key])
        return kept

    return answer


def _copied(answer: Any) -> Any:
    """Return the same arrays in dictionaries of the caller's own."""
    if isinstance(answer, tuple):
        return tuple(_copied(part) for part in answer)
    return dict(answer) if isinstance(answer, dict) else answer


class CachingReference(ReferenceModel):
    """A ``ReferenceModel`` that keeps its answers: under a seed all models have the same stimuli.

    It never forgets: keep it for as long as one assignment is verified, no longer.
    """

    @cached_property
    def cache(self) -> dict[bytes, Any]:
        """The answers, by a digest of what was asked."""
        return {}

    run = _cached(ReferenceModel.run)
    run_with_rounding = _cached(ReferenceModel.run_with_rounding)
    maps = _cached(ReferenceModel.maps)
    field = _cached(ReferenceModel.field)
    sensitivity = _cached(ReferenceModel.sensitivity)
