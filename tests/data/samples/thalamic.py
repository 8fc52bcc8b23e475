"""The homework on a cell that bursts: channels hung on ions rightly and wrongly."""

from __future__ import annotations

from tests.data.samples.handout import Draft, code, released_of

CELL = {
    "IL": "bp.dyn.IL(size, g_max=0.01, E=-70.)",
    "INa": "bp.dyn.INa_Ba2002(size, V_sh=-45.)",
    "Ih": "bp.dyn.Ih_HM1992(size, g_max=0.01, E=-43.)",
}
IONS = {
    "Ca": "bp.dyn.CalciumDetailed(size, C_rest=5e-5, tau=10., d=0.5)",
    "K": "bp.dyn.PotassiumFixed(size, E=-90.)",
    "KCa": "bp.dyn.MixIons(self.K, self.Ca)",
}
HUNG = {
    "Ca": {
        "ICaL": "bp.dyn.ICaL_IS2008(size, g_max=0.5)",
        "ICaN": "bp.dyn.ICaN_IS2008(size, g_max=0.5)",
        "ICaT": "bp.dyn.ICaT_HM1992(size, g_max=2.1)",
        "ICaHT": "bp.dyn.ICaHT_HM1992(size, g_max=3.0)",
    },
    "K": {
        "IKDR": "bp.dyn.IKDR_Ba2002v2(size, V_sh=-45., phi=0.25)",
        "IKL": "bp.dyn.IK_Leak(size, g_max=0.01)",
    },
    "KCa": {"IAHP": "bp.dyn.IAHP_De1994v2(size, g_max=0.3)"},
}
SUPER = "super().__init__(size, A=2.9e-4, V_th=20., V_initializer=V_initializer)"


def _released() -> Draft:
    return released_of("thalamic")


def _filled(left: tuple[str, ...] = (), **changed: str | None) -> Draft:
    """All blanks filled but those ``left``; a channel made in another way, or none at all."""
    draft = _released()
    for name, value in {**CELL, **IONS}.items():
        if name not in left:
            made = [f"self.{name} = {changed.get(name) or value}"]
            for child, own in HUNG.get(name, {}).items():
                given = changed.get(child, own)
                made += [f"self.{name}.add_elem({child}={given})"] if given else []
            draft = draft.edit("TC", f"self.{name} = ...", "\n    ".join(made))
    return draft


def _by_constructor() -> Draft:
    draft = _filled(**dict.fromkeys((*HUNG["Ca"], *HUNG["K"])))
    for ion in ("Ca", "K"):
        given = "".join(f", {name}={made}" for name, made in HUNG[ion].items())
        draft = draft.edit("TC", IONS[ion], IONS[ion].removesuffix(")") + given + ")")
    return draft


def _unnamed() -> Draft:
    draft = _filled()
    for own in HUNG.values():
        for child, made in own.items():
            draft = draft.edit("TC", f"({child}={made})", f"({made})")
    return draft


def _in_one_cell() -> Draft:
    whole = code("whole", _filled().script())
    return _released().stripped().append(whole).only(["whole"])


def _with_line(draft: Draft, line: str) -> Draft:
    """A further line behind those of the potassium ion."""
    return draft.edit("TC", "\n\n    # TODO: 钾和钙", f"\n    {line}\n\n    # TODO: 钾和钙")


def thalamic() -> dict[str, bytes]:
    """File name to bytes."""
    drafts = {
        "right-plain.ipynb": _filled(),
        "right-channels-by-the-ions-constructor.ipynb": _by_constructor(),
        "right-channels-without-names.ipynb": _unnamed(),
        "right-on-CondNeuGroup.ipynb": _filled().edit("TC", "CondNeuGroupLTC", "CondNeuGroup"),
        "right-in-one-cell.ipynb": _in_one_cell(),
        "unfilled.ipynb": _released(),
        "potassium-left-blank.ipynb": _filled(left=("K", "KCa")),
        "ICaT-left-out.ipynb": _filled(ICaT=None),
        "ICaT-on-the-cell.ipynb": _with_line(
            _filled(ICaT=None), f"self.ICaT = {HUNG['Ca']['ICaT']}"
        ),
        "ICaT-on-potassium.ipynb": _with_line(
            _filled(ICaT=None), f"self.K.add_elem(ICaT={HUNG['Ca']['ICaT']})"
        ),
        "second-potassium-leak.ipynb": _with_line(
            _filled(), f"self.K.add_elem(leak={HUNG['K']['IKL']})"
        ),
        "ICaHT-made-as-ICaT.ipynb": _filled(ICaHT="bp.dyn.ICaT_HM1992(size, g_max=3.0)"),
        "leak-of-another-model.ipynb": _filled(IL="bp.dyn.IL(size, g_max=0.03, E=-54.387)"),
        "potassium-with-BrainPys-E.ipynb": _filled(K="bp.dyn.PotassiumFixed(size)"),
        "area-left-out.ipynb": _filled().edit("TC", SUPER, SUPER.replace(" A=2.9e-4,", "")),
        "V-starts-at-minus-60.ipynb": _filled().edit("TC", "OneInit(-65.)", "OneInit(-60.)"),
    }
    return {name: draft.file() for name, draft in drafts.items()}
