"""The homework that writes the model as one class: right and wrong ways to fill its blanks."""

from __future__ import annotations

from tests.data.samples.handout import Draft, code, released_of

STATES = {
    "V": "bm.Variable(-70.68 * bm.ones(self.num))",
    "m": "bm.Variable(0.0266 * bm.ones(self.num))",
    "h": "bm.Variable(0.772 * bm.ones(self.num))",
    "n": "bm.Variable(0.235 * bm.ones(self.num))",
    "t_last_spike": "bm.Variable(-1e7 * bm.ones(self.num))",
    "spike": "bm.Variable(bm.zeros(self.num, dtype=bool))",
}
JOINT = "return bp.JointEq(self.dV, self.dm, self.dh, self.dn)"
CROSSES = "bm.logical_and(self.V < self.V_th, V >= self.V_th)"
UPDATE = """\
V, m, h, n = self.integral(self.V, self.m, self.h, self.n, t, x, dt=dt)
    self.spike.value = bm.logical_and(self.V < self.V_th, V >= self.V_th)
    self.t_last_spike.value = bm.where(self.spike, t, self.t_last_spike)
    self.V.value = V
    self.m.value = m
    self.h.value = h
    self.n.value = n"""
EULER = """\
dV = self.dV(self.V, t, self.m, self.h, self.n, x)
    dm, dh, dn = self.dm(self.m, t, self.V), self.dh(self.h, t, self.V), self.dn(self.n, t, self.V)
    V = self.V + dt * dV
    self.spike.value = (self.V < self.V_th) & (V >= self.V_th)
    self.t_last_spike.value = bm.where(self.spike.value, t, self.t_last_spike.value)
    self.V.value = V
    self.m.value = self.m + dt * dm
    self.h.value = self.h + dt * dh
    self.n.value = self.n + dt * dn"""
RESET = """
  def reset_state(self, batch_size=None):
    self.V = bp.init.variable_(bp.init.OneInit(-70.68), self.num, batch_size)
    self.m = bp.init.variable_(bp.init.OneInit(0.0266), self.num, batch_size)
    self.h = bp.init.variable_(bp.init.OneInit(0.772), self.num, batch_size)
    self.n = bp.init.variable_(bp.init.OneInit(0.235), self.num, batch_size)
    self.t_last_spike = bp.init.variable_(bp.init.OneInit(-1e7), self.num, batch_size)
    self.spike = bp.init.variable_(lambda s: bm.zeros(s, dtype=bool), self.num, batch_size)"""


def _released() -> Draft:
    return released_of("hh-from-scratch")


def _filled(joint: str = JOINT, update: str = UPDATE, **states: str) -> Draft:
    draft = _released()
    for name, value in (STATES | states).items():
        draft = draft.edit("HH", f"self.{name} = ...", f"self.{name} = {value}")
    return draft.edit("HH", "return ...", joint).edit("HH", "    ...", f"    {update}")


def _in_reset_state() -> Draft:
    draft = _released()
    for name in STATES:
        line = next(
            s for s in draft["HH"].source.split("\n") if s.lstrip().startswith(f"self.{name} = .")
        )
        draft = draft.edit("HH", f"{line}\n", "    self.reset_state()\n" if name == "V" else "")
    draft = draft.edit("HH", "return ...", JOINT).edit("HH", "    ...", f"    {UPDATE}")
    return draft.write("HH", draft["HH"].source + "\n" + RESET)


def _apart() -> Draft:
    made = "\n    ".join(f"self.int_{s} = bp.odeint(self.d{s}, method='exp_auto')" for s in "Vmhn")
    step = """\
V = self.int_V(self.V, t, self.m, self.h, self.n, x, dt=dt)
    m = self.int_m(self.m, t, self.V, dt=dt)
    h = self.int_h(self.h, t, self.V, dt=dt)
    n = self.int_n(self.n, t, self.V, dt=dt)"""
    update = UPDATE.replace(UPDATE.split("\n")[0], step)
    return _filled(update=update).edit(
        "HH", "self.integral = bp.odeint(f=self.derivative, method='exp_auto')", made
    )


def _too_soon() -> Draft:
    lines = UPDATE.split("\n")
    return _filled(update="\n".join([lines[0], lines[3], *lines[1:3], *lines[4:]]))


def _in_one_cell() -> Draft:
    whole = code("whole", _filled().script())
    return _released().stripped().append(whole).only(["whole"])


def scratch() -> dict[str, bytes]:
    """File name to bytes."""
    exploring = code("exploring", "bm.set_dt(0.01)")
    drafts = {
        "right-plain.ipynb": _filled(),
        "right-states-in-reset_state.ipynb": _in_reset_state(),
        "right-four-integrators.ipynb": _apart(),
        "right-euler-by-hand.ipynb": _filled(update=EULER),
        "right-in-one-cell.ipynb": _in_one_cell(),
        "right-dt-0.01.ipynb": _filled().insert(exploring, after="imports"),
        "unfilled.ipynb": _released(),
        "derivative-left-blank.ipynb": _filled(joint="return ..."),
        "equations-in-another-order.ipynb": _filled(JOINT.replace("dm, self.dh", "dh, self.dm")),
        "spike-while-above-threshold.ipynb": _filled(
            update=UPDATE.replace(
                "bm.logical_and(self.V < self.V_th, V >= self.V_th)", "V >= self.V_th"
            )
        ),
        "V-written-back-too-soon.ipynb": _too_soon(),
        "gates-not-written-back.ipynb": _filled(update="\n".join(UPDATE.split("\n")[:4])),
        "V-starts-at-minus-65.ipynb": _filled(V="bm.Variable(-65. * bm.ones(self.num))"),
    }
    return {name: draft.file() for name, draft in drafts.items()}
