"""The whole lesson: each of its parts filled rightly and wrongly, and what stands on wrong ones."""

from __future__ import annotations

from collections.abc import Mapping

from tests.data.samples.handout import Draft, code, released_of

TYPES = {
    "IK": "bp.dyn.CondNeuGroup",
    "ICa": "bp.dyn.Calcium",
    "ICaNa": "bp.mixin.JointType[bp.dyn.Calcium, bp.dyn.Sodium]",
}
COMPOSED = {
    "INa": "bp.dyn.INa_HH1952(size)",
    "IK": "bp.dyn.IK_HH1952(size)",
    "IL": "bp.dyn.IL(size, E=-54.387, g_max=0.03)",
}
OTHER_DEFAULTS = {  # a sign, a decimal point, half a percent and another value
    "INa": "bp.dyn.INa_HH1952(size, E=-50., g_max=1200.)",
    "IK": "bp.dyn.IK_HH1952(size, E=-89.5, g_max=12.)",
}
RUNNER = """\
bp.DSRunner(hh, monitors={'na-p': hh.INa.p, 'na-q': hh.INa.q, 'k-p': hh.IK.p, 'v': hh.V})"""
HH = {
    "IK": "IK(size, E=-77., g_max=36.)",
    "INa": "INa(size, E=50., g_max=120.)",
    "IL": "IL(size, E=-54.39, g_max=0.03)",
}
OWN: dict[str, dict[str, str]] = {
    "IK": {
        "n 的方程": """\
a = 0.01 * (V + 55) / (1 - bm.exp(-(V + 55) / 10))
    b = 0.125 * bm.exp(-(V + 65) / 80)
    return self.phi * (a * (1 - n) - b * n)""",
        "self.n 从 0 开始": "self.n = bm.Variable(bm.zeros(self.num))",
        "由旧的 n 算出新的 n（t 和 dt 在 bp.share 里）": """\
t, dt = bp.share['t'], bp.share['dt']
    self.n.value = self.integral(self.n, t, V, dt=dt)""",
        "钾电流": "return self.g_max * self.n ** 4 * (self.E - V)",
    },
    "INa": {
        "m 的方程": """\
a = 0.11 * (V + 40) / (1 - bm.exp(-(V + 40) / 10))
    b = 4. * bm.exp(-(V + 65) / 18)
    return self.phi * (a * (1 - m) - b * m)""",
        "h 的方程": """\
a = 0.07 * bm.exp(-(V + 65) / 20)
    b = 1. / (1 + bm.exp(-(V + 35) / 10))
    return self.phi * (a * (1 - h) - b * h)""",
        "self.m 和 self.h 从 0 开始": """\
self.m = bm.Variable(bm.zeros(self.num))
    self.h = bm.Variable(bm.zeros(self.num))""",
        "由旧的 m, h 算出新的 m, h": """\
t, dt = bp.share['t'], bp.share['dt']
    self.m.value, self.h.value = self.integral(self.m, self.h, t, V, dt=dt)""",
        "钠电流": "return self.g_max * self.m ** 3 * self.h * (self.E - V)",
    },
    "IL": {"漏电流": "return self.g_max * (self.E - V)"},
}
BY_FUNCTIONS = """\
bp.DSRunner(hh, monitors={
    'na-p': lambda: hh.INa.p.value, 'na-q': lambda: hh.INa.q.value,
    'k-p': lambda: hh.IK.p.value, 'v': lambda: hh.V.value,
})"""
RUN = "\n\ninputs = np.ones(1000) * 4.\n_ = runner.run(inputs=inputs)"
EULER = """\
self.n.value = self.n + bp.share['dt'] * self.dn(self.n, 0., V)"""

Blanks = Mapping[str, str]


def _filled(
    types: Blanks = TYPES,
    composed: Blanks = COMPOSED,
    runner: str = RUNNER,
    own: Mapping[str, Blanks] = OWN,
    neuron: Blanks = HH,
) -> Draft:
    """The lesson with these blanks filled; those that are not among them stay as they are."""
    draft = released_of("hh-lesson")
    for name, kind in types.items():
        draft = draft.edit(f"master-type-{name}", "master_type = ...", f"master_type = {kind}")
    for cell, made in (("HH-composed", composed), ("HH", neuron)):
        for name, channel in made.items():
            draft = draft.edit(cell, f"self.{name} = ...", f"self.{name} = {channel}")
    draft = draft.edit("HH-composed-run", "runner = ...", f"runner = {runner}")
    for name, methods in own.items():
        for todo, body in methods.items():
            draft = _in_method(draft, f"channel-{name}", todo, body)
    return draft


def _in_method(draft: Draft, cell: str, todo: str, body: str) -> Draft:
    """Everything between a comment and the next method makes room for ``body``."""
    before, _, rest = draft[cell].source.partition(f"    # TODO: {todo}\n")
    if not rest:
        raise ValueError(f"{todo!r} does not stand in cell {cell!r}")
    _, method, after = rest.partition("\n\n  def ")
    whole = f"{before}    # TODO: {todo}\n    {body}{method}{after}"
    return draft.write(cell, whole)


def _own(**changed: Mapping[str, str | None]) -> dict[str, dict[str, str]]:
    """The three channels with some methods written in another way, or left blank."""
    whole = {name: {**OWN[name], **changed.get(name, {})} for name in OWN}
    return {n: {t: b for t, b in methods.items() if b is not None} for n, methods in whole.items()}


def _n_cubed() -> dict[str, dict[str, str]]:
    return _own(IK={"钾电流": "return self.g_max * self.n ** 3 * (self.E - V)"})


def _all_wrong_but_the_last() -> Draft:
    turned = "return self.phi * (b * (1 - h) - a * h)"
    h = OWN["INa"]["h 的方程"].rpartition("return")[0] + turned
    own = _own(
        IK={"钾电流": "return self.g_max * self.n ** 3 * (self.E - V)"},
        INa={"h 的方程": h},
        IL={"漏电流": "return self.g_max * (V - self.E)"},
    )
    composed = {
        "INa": "bp.dyn.INa_HH1952(size, g_max=100.)",
        "IK": "bp.dyn.IK_HH1952(size, E=-77.)",
        "IL": "bp.dyn.IL(size, E=54.387, g_max=0.03)",
    }
    types = {"IK": "bp.dyn.Calcium", "ICa": "bp.dyn.Sodium", "ICaNa": "bp.dyn.Calcium"}
    return _filled(types, composed, RUNNER.replace("hh.INa.q", "hh.INa.p"), own)


def _merged() -> Draft:
    """Part 3 and the class of part 4 in one cell, which keeps the tag of its first."""
    draft = _filled()
    parts = ("channel-IK", "channel-INa", "channel-IL", "HH")
    whole = "\n\n".join(draft[part].source for part in parts)
    return draft.write("channel-IK", whole).without(*parts[1:])


def _merged_with_a_wrong_channel() -> Draft:
    draft = _merged()
    return draft.edit("channel-IK", "self.n ** 4", "self.n ** 3")


def _run_below() -> Draft:
    draft = _filled()
    above = draft.edit("HH-composed-run", RUN, "")
    return above.insert(code("run-below", RUN), after="HH-composed-run")


def _of_library() -> Draft:
    """The last neuron of BrainPy's channels, as in part 2."""
    made = {"IK": "bp.dyn.IK_HH1952(size, E=-77., g_max=36.)", "INa": COMPOSED["INa"]}
    return _filled(neuron={**HH, **made})


def lesson() -> dict[str, bytes]:
    """File name to bytes."""
    euler = _own(IK={"由旧的 n 算出新的 n（t 和 dt 在 bp.share 里）": EULER})
    no_current = _own(IK={"钾电流": None})
    no_reset = _own(INa={"self.m 和 self.h 从 0 开始": None})
    drafts = {
        "right-plain.ipynb": _filled(),
        "right-without-tags-and-ids.ipynb": _filled().as_handout(),
        "right-part-3-and-4-in-one-cell.ipynb": _merged(),
        "right-run-in-the-cell-below.ipynb": _run_below(),
        "right-monitors-by-functions.ipynb": _filled(runner=BY_FUNCTIONS),
        "right-euler-by-hand.ipynb": _filled(own=euler),
        "unfilled.ipynb": released_of("hh-lesson"),
        "types-on-the-neuron.ipynb": _filled(types=dict.fromkeys(TYPES, TYPES["IK"])),
        "types-in-another-order.ipynb": _filled(
            types={**TYPES, "ICaNa": "bp.mixin.JointType[bp.dyn.Sodium, bp.dyn.Calcium]"}
        ),
        "composed-with-the-last-leak.ipynb": _filled(
            composed={**COMPOSED, "IL": COMPOSED["IL"].replace("-54.387", "-54.39")}
        ),
        "composed-with-other-defaults.ipynb": _filled(composed=COMPOSED | OTHER_DEFAULTS),
        "composed-left-blank.ipynb": _filled(composed={}),
        "monitors-exchanged.ipynb": _filled(
            runner=RUNNER.replace("na-p", "x").replace("na-q", "na-p").replace("'x'", "'na-q'")
        ),
        "monitor-missing.ipynb": _filled(runner=RUNNER.replace("'k-p': hh.IK.p, ", "")),
        "IK-n-cubed.ipynb": _filled(own=_n_cubed()),
        "IK-current-left-blank.ipynb": _filled(own=no_current),
        "IK-n-cubed-in-one-cell-with-HH.ipynb": _merged_with_a_wrong_channel(),
        "INa-reset_state-left-blank.ipynb": _filled(own=no_reset),
        "IL-reversed.ipynb": _filled(own=_own(IL={"漏电流": "return self.g_max * (V - self.E)"})),
        "all-wrong-but-the-last-part.ipynb": _all_wrong_but_the_last(),
        "nothing-but-the-last-part.ipynb": _filled({}, {}, "...", {}),
        "HH-of-the-library.ipynb": _of_library(),
        "IK-n-cubed-and-E-sign-in-HH.ipynb": _filled(
            own=_n_cubed(), neuron={**HH, "IK": HH["IK"].replace("-77.", "77.")}
        ),
    }
    return {name: draft.file() for name, draft in drafts.items()}
