"""A reference that computes once what many models are held against."""

from __future__ import annotations

import hashlib
import pickle
from collections.abc import Callable, Mapping
from functools import cached_property
from typing import Any

from grader.judge.reference import ReferenceModel
from grader.stages import Array, Panel

Found = dict[str, Array]


class RememberingModel(ReferenceModel):
    """A ``ReferenceModel`` that keeps its answers: under a seed all models have one panel.

    It never forgets: keep it for as long as one assignment is verified, no longer.
    """

    @cached_property
    def _known(self) -> dict[bytes, Found]:
        return {}

    def run(self, panel: Panel, constants: Mapping[str, float] | None = None) -> Found:
        """As the reference does."""
        return self._once(super().run, panel, constants)

    def rounded(self, panel: Panel, constants: Mapping[str, float] | None = None) -> Found:
        """As the reference does."""
        return self._once(super().rounded, panel, constants)

    def maps(
        self,
        states: Mapping[str, Array],
        steps: int,
        dt: float,
        constants: Mapping[str, float] | None = None,
    ) -> Found:
        """As the reference does."""
        return self._once(super().maps, states, steps, dt, constants)

    def field(
        self, states: Mapping[str, Array], constants: Mapping[str, float] | None = None
    ) -> Found:
        """As the reference does."""
        return self._once(super().field, states, constants)

    def sensitivity(
        self, states: Mapping[str, Array], constants: Mapping[str, float]
    ) -> tuple[Array, dict[str, Array]]:
        """As the reference does."""

        def ask(*about: Any) -> Found:
            rate, slopes = super(RememberingModel, self).sensitivity(*about)
            return {"": rate, **slopes}

        slopes = self._once(ask, states, constants)
        return slopes.pop(""), slopes

    def _once(self, ask: Callable[..., Found], *about: object) -> Found:
        said = pickle.dumps((ask.__name__, *about), protocol=5)
        key = hashlib.blake2b(said, digest_size=16).digest()
        if key not in self._known:
            self._known[key] = ask(*about)
        return dict(self._known[key])
