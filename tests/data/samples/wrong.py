"""Submissions that are wrong, unfinished, or don't run to their end."""

from __future__ import annotations

from tests.data.samples.handout import (
    IK,
    IL,
    Cell,
    Draft,
    INa,
    answer_cell,
    code,
    filled,
    released,
    text,
)

LIBRARY_MONITORS = (
    ("['V', 'IK.n', 'INa.m', 'INa.h']", "['V', 'IK.p', 'INa.p', 'INa.q']"),
    ("runner.mon['IK.n']", "runner.mon['IK.p']"),
    ("runner.mon['INa.m']", "runner.mon['INa.p']"),
    ("runner.mon['INa.h']", "runner.mon['INa.q']"),
)

ONLY_V = """
neu = HH(1)
neu.reset()

inputs = np.ones(int(200 / bm.dt)) * 1.698  # 200 ms
runner = bp.DSRunner(neu, monitors=['V'])
runner.run(inputs=inputs)

import matplotlib.pyplot as plt

plt.plot(runner.mon['ts'], runner.mon['V'])
plt.xlabel('t (ms)')
plt.ylabel('V (mV)')
plt.show()
"""

IN_A_LIST = """
class HH(bp.dyn.CondNeuGroup):
  def __init__(self, size):
    super().__init__(size, V_initializer=bp.init.Uniform(-80, -60.))
    # TODO: 初始化三个离子通道
    self.channels = [
      IK(size, E=-77., g_max=36.),
      INa(size, E=50., g_max=120.),
      IL(size, E=-54.39, g_max=0.03),
    ]
"""

PLAIN_OBJECT = """
class HH:
  def __init__(self, size):
    self.size = size
    self.V = bm.Variable(bm.ones(size) * -65.)
    self.IK = IK(size, E=-77., g_max=36.)
    self.INa = INa(size, E=50., g_max=120.)
    self.IL = IL(size, E=-54.39, g_max=0.03)
"""

# Meant to stop when n no longer changes; it never does, but gives up after 90 s.
NEVER_CONVERGES = """
# n 的稳态值：迭代到收敛为止
import time
start = time.time()
n, dt, V = 0., 0.1, -65.
while True:
  alpha = 0.01 * (V + 55) / (1 - np.exp(-(V + 55) / 10))
  beta = 0.125 * np.exp(-(V + 65) / 80)
  dn = alpha * (1. - n) - beta * n
  n = n + dt * dn
  V = V + np.random.randn() * 0.1
  if abs(dn) == 0. or time.time() - start > 90:
    break
print('n_inf =', n)
"""

LIF = """
class LIF(bp.dyn.NeuDyn):
  def __init__(self, size, V_rest=0., V_reset=-5., V_th=20., R=1., tau=10., t_ref=5.):
    super().__init__(size=size)
    self.V_rest, self.V_reset, self.V_th = V_rest, V_reset, V_th
    self.R, self.tau, self.t_ref = R, tau, t_ref

    self.V = bm.Variable(bm.random.randn(self.num) + V_reset)
    self.input = bm.Variable(bm.zeros(self.num))
    self.t_last_spike = bm.Variable(bm.ones(self.num) * -1e7)
    self.refractory = bm.Variable(bm.zeros(self.num, dtype=bool))
    self.spike = bm.Variable(bm.zeros(self.num, dtype=bool))
    self.integral = bp.odeint(f=self.derivative, method='exp_auto')

  def derivative(self, V, t, I):
    return (-V + self.V_rest + self.R * I) / self.tau

  def update(self, x=0.):
    t, dt = bp.share['t'], bp.share['dt']
    refractory = (t - self.t_last_spike) <= self.t_ref
    V = self.integral(self.V, t, x, dt)
    V = bm.where(refractory, self.V, V)
    spike = V > self.V_th
    self.spike.value = spike
    self.t_last_spike.value = bm.where(spike, t, self.t_last_spike)
    self.V.value = bm.where(spike, self.V_reset, V)
    self.refractory.value = bm.logical_or(refractory, spike)
"""

LIF_RUN = """
lif = LIF(1)
runner = bp.DSRunner(lif, monitors=['V'], jit=True)
runner.run(inputs=np.ones(int(200 / bm.dt)) * 22.)
bp.visualize.line_plot(runner.mon.ts, runner.mon.V, xlabel='t (ms)', ylabel='V', show=True)
"""

LAST_LINE = """
# 结束
import os
os._exit(1)
"""

STOP = """
import sys
sys.exit(0)
"""

ASK_NAME = """
name = input('请输入姓名: ')
print('提交人:', name)
"""


def _given(id: str, old: str, new: str) -> Draft:
    """Filled rightly, but with a change in the given part of the notebook."""
    return filled().edit(id, old, new)


def _master_type(new: str, *channels: str) -> Draft:
    draft = filled()
    for channel in channels:
        draft = draft.edit(f"channel-{channel}", "master_type = bp.dyn.HHTypedNeuron", new)
    return draft


def _from_library() -> Draft:
    draft = released().fill(
        IK="bp.dyn.IK_HH1952(size, E=-77., g_max=36.)",
        INa="bp.dyn.INa_HH1952(size, E=50., g_max=120.)",
        IL="bp.dyn.IL(size, E=-54.39, g_max=0.03)",
    )
    for old, new in LIBRARY_MONITORS:
        draft = draft.edit("HH-run", old, new)
    return draft


def _signs() -> Draft:
    draft = filled()
    for channel in ("IK", "INa", "IL"):
        draft = draft.edit(f"channel-{channel}", "(self.E - V)", "(V - self.E)")
    return draft


def _gates_at_one() -> Draft:
    draft = filled().edit("channel-IK", "variable_(bm.zeros", "variable_(bm.ones")
    for gate in "mh":
        start = f"self.{gate} = bp.init.variable_("
        draft = draft.edit("channel-INa", f"{start}bm.zeros", f"{start}bm.ones")
    return draft


def _ran_in_another_order() -> Draft:
    """The imports stand at the end; the stored counts say that they were run first."""
    draft = filled()
    return draft.ran({}).without("imports").append(draft.ran({})["imports"])


def _another_homework() -> Draft:
    cells: tuple[Cell, ...] = (
        text("title", "# Day 1 作业：LIF 模型"),
        code("lif", LIF),
        code("lif-run", LIF_RUN),
    )
    return released().only(["imports"]).append(*cells).as_handout()


def wrong() -> dict[str, Draft]:
    """File name to draft."""
    extra_leak = "\n    self.IL2 = IL(size, E=-70., g_max=0.1)"
    doubled = "\n    self.IK2 = IK(size, E=-77., g_max=36.)"
    leak_line = f"    self.IL = {IL} # 参数：E=-54.39, g_max=0.03"
    unfilled_answer = released().as_handout(answer=True)

    return {
        # Blanks left as they were.
        "unfilled.ipynb": released(),
        "hh-advanced-handout-unfilled.ipynb": unfilled_answer,
        "answer-without-heading.ipynb": released().as_handout().append(answer_cell()),
        "filled-in-the-comments.ipynb": released().fill(
            f"... # {IK}", f"... # {INa}", f"... # {IL}"
        ),
        "two-of-three.ipynb": released().fill(IL="..."),
        "leak-line-deleted.ipynb": (filled().edit("HH", leak_line, "")),
        "channels-in-a-list.ipynb": released().write("HH", IN_A_LIST).write("HH-run", ONLY_V),
        "陈晨_HH_第二次提交.ipynb": released().fill("IK", "INa", "IL"),
        # Wrong numbers.
        "E_L-of-the-lesson.ipynb": released().fill(IL="IL(size, E=-54.387, g_max=0.03)"),
        "g_L-of-the-textbook.ipynb": released().fill(IL="IL(size, E=-54.39, g_max=0.3)"),
        "g_L-under-1-percent-off.ipynb": released().fill(IL="IL(size, E=-54.39, g_max=0.0302)"),
        "E_K-sign.ipynb": released().fill(IK="IK(size, E=77., g_max=36.)"),
        "g_Na-20-percent-off.ipynb": released().fill(INa="INa(size, E=50., g_max=144.)"),
        "E-swapped.ipynb": released().fill(
            IK="IK(size, E=50., g_max=36.)", INa="INa(size, E=-77., g_max=120.)"
        ),
        # Wrong channels.
        "IK-and-INa-swapped.ipynb": released().fill(IK=INa, INa=IK),
        "channels-of-the-library.ipynb": _from_library(),
        "IL-of-the-library.ipynb": released().fill(IL="bp.dyn.IL(size, E=-54.39, g_max=0.03)"),
        "extra-leak.ipynb": filled().edit("HH", "g_max=0.03)", f"g_max=0.03){extra_leak}"),
        "IK-doubled.ipynb": filled().edit("HH", "g_max=36.)", f"g_max=36.){doubled}"),
        "IK-made-for-one.ipynb": released().fill(
            "IK(1, E=-77., g_max=36.)", "INa(1, E=50., g_max=120.)", "IL(1, E=-54.39, g_max=0.03)"
        ),
        # Wrong bases and master types.
        "base-CondNeuGroupLTC.ipynb": _given("HH", "bp.dyn.CondNeuGroup", "bp.dyn.CondNeuGroupLTC"),
        "base-NeuDyn.ipynb": _given("HH", "bp.dyn.CondNeuGroup", "bp.dyn.NeuDyn"),
        "base-object.ipynb": filled().write("HH", PLAIN_OBJECT),
        "master-type-Calcium.ipynb": _master_type("master_type = bp.dyn.Calcium", "IK"),
        "master-type-object.ipynb": _master_type("master_type = object", "IK", "INa", "IL"),
        # Given code that was changed.
        "n-cubed.ipynb": _given("channel-IK", "self.n ** 4", "self.n ** 3"),
        "signs-of-the-currents.ipynb": _signs(),
        "gates-start-at-one.ipynb": _gates_at_one(),
        "rk4-and-gates-start-at-one.ipynb": _gates_at_one().edit(
            "channel-IK", "method='exp_auto'", "method='rk4'"
        ),
        "E-written-in-the-current.ipynb": _given(
            "channel-IK", "self.n ** 4 * (self.E - V)", "self.n ** 4 * (-70. - V)"
        ),
        # Cells that fail, hang or take the kernel with them.
        "NameError-in-the-class.ipynb": _given("HH", "(bp.dyn.CondNeuGroup)", "(CondNeuGroup)"),
        "NameError-in-init.ipynb": released().fill(INa="Ina(size, E=50., g_max=120.)"),
        "monitor-misspelt.ipynb": _given("HH-run", "'IK.n', 'INa.m'", "'Ik.n', 'INa.m'"),
        "endless-loop.ipynb": filled().insert(
            code("steady-state", NEVER_CONVERGES), after="channel-IL"
        ),
        "sys-exit-at-the-end.ipynb": filled().append(code("stop", STOP)),
        "quit-at-the-end.ipynb": filled().append(code("quit", "quit()")),
        "run-in-another-order.ipynb": _ran_in_another_order(),
        "os-exit-at-the-end.ipynb": filled().append(code("last-line", LAST_LINE)),
        "os-exit-after-the-class.ipynb": filled().insert(code("last-line", LAST_LINE), after="HH"),
        "asks-for-input.ipynb": filled().insert(code("name", ASK_NAME), after="imports"),
        # Something else altogether.
        "刘洋-LIF作业.ipynb": _another_homework(),
    }
