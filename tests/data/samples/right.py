"""Submissions that are right, in the many ways in which students are."""

from __future__ import annotations

from dataclasses import replace

from tests.data.samples.handout import (
    IK,
    IL,
    Draft,
    INa,
    Output,
    code,
    filled,
    listing,
    picture,
    released,
    stream,
    text,
)

CHANNELS = ("channel-IK", "channel-INa", "channel-IL")
INTRODUCTION = (
    *("text-02", "master-type-IK", "master-type-ICa", "master-type-ICaNa"),
    *("text-12", "HH-composed", "HH-composed-run", "HH-composed-V"),
)

SETATTR = """
class HH(bp.dyn.CondNeuGroup):
  def __init__(self, size):
    super().__init__(size, V_initializer=bp.init.Uniform(-80, -60.))
    channels = [
      ('IK', IK, -77., 36.),
      ('INa', INa, 50., 120.),
      ('IL', IL, -54.39, 0.03),
    ]
    for name, channel, E, g_max in channels:
      setattr(self, name, channel(size, E=E, g_max=g_max))
"""

KEYWORDS = """
class HH(bp.dyn.CondNeuGroup):
  def __init__(self, size):
    super().__init__(
      size,
      V_initializer=bp.init.Uniform(-80, -60.),
      IK=IK(size, E=-77., g_max=36.),
      INa=INa(size, E=50., g_max=120.),
      IL=IL(size, E=-54.39, g_max=0.03),
    )
"""

NODE_DICT = """
class HH(bp.dyn.CondNeuGroup):
  def __init__(self, size):
    super().__init__(size, V_initializer=bp.init.Uniform(-80, -60.))
    self.currents = bm.NodeDict(
      potassium=IK(size, E=-77., g_max=36.),
      sodium=INa(size, E=50., g_max=120.),
      leak=IL(size, E=-54.39, g_max=0.03),
    )
"""
OWN_NAMES = (
    "monitors={'V': neu.V, 'IK.n': neu.currents['potassium'].n, "
    "'INa.m': neu.currents['sodium'].m, 'INa.h': neu.currents['sodium'].h}"
)

LAST_LINE = "self.IL = IL(size, E=-54.39, g_max=0.03)"
# The gates move first, and V by where they have got to: another scheme, the same model.
IN_TURN = """

  def update(self, x=None):
    for channel in (self.IK, self.INa, self.IL):
      channel.update(self.V.value)
    x = 0. if x is None else x
    self.V.value = self.integral(self.V.value, bp.share['t'], x, bp.share['dt'])"""

# The same equations as the library writes them: gates p and q, V_sh, exprel.
IK_WITH_P = """
class IK(bp.dyn.IonChannel):
    '''Delayed rectifier: g_max * p^4, rates written with V_sh as in the formula above.'''
    master_type = bp.dyn.HHTypedNeuron

    def __init__(self, size, E=-77., g_max=36., phi=1., V_sh=-45., method='exp_auto'):
        super().__init__(size)
        self.E, self.g_max, self.phi, self.V_sh = E, g_max, phi, V_sh
        self.integral = bp.odeint(self.derivative, method=method)

    def derivative(self, p, t, V):
        x = (V - self.V_sh + 10.) / 10.
        alpha = 0.1 * x / (1. - bm.exp(-x))
        beta = 0.125 * bm.exp((self.V_sh - V - 20.) / 80.)
        return self.phi * (alpha - (alpha + beta) * p)

    def reset_state(self, V, batch_size=None, **kwargs):
        self.p = bp.init.variable_(bm.zeros, self.num, batch_size)

    def update(self, V):
        self.p.value = self.integral(self.p.value, bp.share['t'], V, bp.share['dt'])

    def current(self, V):
        p2 = self.p * self.p
        return self.g_max * p2 * p2 * (self.E - V)
"""

INA_WITH_P_AND_Q = """
class INa(bp.dyn.IonChannel):
    '''Fast sodium: g_max * p^3 * q.'''
    master_type = bp.dyn.HHTypedNeuron

    def __init__(self, size, E=50., g_max=120., phi=1., V_sh=-45., method='exp_auto'):
        super().__init__(size)
        self.E, self.g_max, self.phi, self.V_sh = E, g_max, phi, V_sh
        self.integral = bp.odeint(bp.JointEq([self.dp, self.dq]), method=method)

    def dp(self, p, t, V):
        x = (V - self.V_sh - 5.) / 10.
        alpha = 1.1 * x / (1. - bm.exp(-x))
        beta = 4. / bm.exp((V - self.V_sh + 20.) / 18.)
        return self.phi * (alpha - (alpha + beta) * p)

    def dq(self, q, t, V):
        alpha = 0.07 * bm.exp(-(V - self.V_sh + 20.) / 20.)
        beta = 1. / (1. + bm.exp(-(V - self.V_sh - 10.) / 10.))
        return self.phi * (alpha - (alpha + beta) * q)

    def reset_state(self, V, batch_size=None, **kwargs):
        self.p = bp.init.variable_(bm.zeros, self.num, batch_size)
        self.q = bp.init.variable_(bm.zeros, self.num, batch_size)

    def update(self, V):
        self.p.value, self.q.value = self.integral(
            self.p.value, self.q.value, bp.share['t'], V, bp.share['dt'])

    def current(self, V):
        return self.g_max * self.p * self.p * self.p * self.q * (self.E - V)
"""

# Exponential Euler by hand: no odeint, so the channel has no integrator to look at.
IK_BY_HAND = """
class IK(bp.dyn.IonChannel):
  master_type = bp.dyn.HHTypedNeuron

  def __init__(self, size, E=-77., g_max=36., phi=1.):
    super().__init__(size)
    self.g_max = g_max
    self.E = E
    self.phi = phi

  def reset_state(self, V, batch_or_mode=None, **kwargs):
    self.n = bp.init.variable_(bm.zeros, self.num, batch_or_mode)

  def update(self, V):
    dt = bp.share.load('dt')
    alpha = self.phi * 0.01 * (V + 55) / (1 - bm.exp(-(V + 55) / 10))
    beta = self.phi * 0.125 * bm.exp(-(V + 65) / 80)
    n_inf = alpha / (alpha + beta)
    tau = 1. / (alpha + beta)
    self.n.value = n_inf + (self.n - n_inf) * bm.exp(-dt / tau)

  def current(self, V):
    return self.g_max * self.n ** 4 * (self.E - V)
"""

INA_BY_HAND = """
class INa(bp.dyn.IonChannel):
  master_type = bp.dyn.HHTypedNeuron

  def __init__(self, size, E=50., g_max=120., phi=1.):
    super().__init__(size)
    self.g_max = g_max
    self.E = E
    self.phi = phi

  def reset_state(self, V, batch_or_mode=None, **kwargs):
    self.m = bp.init.variable_(bm.zeros, self.num, batch_or_mode)
    self.h = bp.init.variable_(bm.zeros, self.num, batch_or_mode)

  def step(self, x, alpha, beta):
    x_inf = alpha / (alpha + beta)
    return x_inf + (x - x_inf) * bm.exp(-self.phi * (alpha + beta) * bp.share.load('dt'))

  def update(self, V):
    alpha_m = 0.11 * (V + 40) / (1 - bm.exp(-(V + 40) / 10))
    beta_m = 4 * bm.exp(-(V + 65) / 18)
    alpha_h = 0.07 * bm.exp(-(V + 65) / 20)
    beta_h = 1. / (1 + bm.exp(-(V + 35) / 10))
    self.m.value = self.step(self.m.value, alpha_m, beta_m)
    self.h.value = self.step(self.h.value, alpha_h, beta_h)

  def current(self, V):
    return self.g_max * self.m ** 3 * self.h * (self.E - V)
"""

OTHER_INPUTS = """
fig, axes = plt.subplots(4, 1, figsize=(6, 8), sharex=True)
for ax, I in zip(axes, [0.5, 1.698, 5., 20.]):
  neu = HH(1)
  neu.reset()
  runner = bp.DSRunner(neu, monitors=['V'], progress_bar=False)
  runner.run(inputs=np.ones(int(100 / bm.dt)) * I)
  ax.plot(runner.mon['ts'], runner.mon['V'])
  ax.set_title('I = %g' % I)
plt.tight_layout()
plt.show()
"""

SMALLER_STEP = """
# does the result depend on dt?
bm.set_dt(0.05)

neu = HH(1)
neu.reset()
runner = bp.DSRunner(neu, monitors=['V'], progress_bar=False)
runner.run(inputs=np.ones(int(200 / bm.dt)) * 1.698)
plt.plot(runner.mon['ts'], runner.mon['V'])
plt.title('dt = 0.05 ms')
plt.show()
"""

DOUBLE_PRECISION = """
# once more in double precision
bm.enable_x64()

neu = HH(1)
neu.reset()
runner = bp.DSRunner(neu, monitors=['V'], progress_bar=False)
runner.run(inputs=np.ones(int(200 / bm.dt)) * 1.698)
print(runner.mon['V'].dtype, runner.mon['V'].max())
"""

LOOP_BY_HAND = """
# 自己写循环，不用 DSRunner
neu = HH(1)
neu.reset()
vs = []
for i in range(40):
  bp.share.save(i=i, t=i * 0.025, dt=0.025)
  neu.update(1.698)
  vs.append(float(neu.V[0]))
  neu.clear_input()
print('最大值', max(vs))
"""

BATCHES = """
# batching 模式试一试，后面作业要用
bm.set_mode(bm.BatchingMode(4))
bm.set_dt(0.2)
print(bm.get_mode(), bm.get_dt())
"""

FIGURES_SAVED = """
import matplotlib
matplotlib.use('Agg')
import matplotlib.pyplot as plt

neu = HH(1)
neu.reset()

inputs = np.ones(int(200 / bm.dt)) * 1.698  # 200 ms
runner = bp.DSRunner(neu, monitors=['V', 'IK.n', 'INa.m', 'INa.h'], progress_bar=False)
runner.run(inputs=inputs)

fig = plt.figure()
plt.plot(runner.mon['ts'], runner.mon['V'])
plt.savefig('HH.png')
plt.close(fig)

fig = plt.figure(figsize=(6, 2))
for gate in ['IK.n', 'INa.m', 'INa.h']:
  plt.plot(runner.mon['ts'], runner.mon[gate], label=gate)
plt.legend()
plt.savefig('HH_channels.png')
plt.close(fig)
"""

WARNINGS = """
import logging, sys, warnings

warnings.simplefilter('always')
warnings.warn('jax: no GPU found, falling back to CPU', RuntimeWarning)
np.array([1.]) / np.array([0.])
logging.basicConfig(level=logging.DEBUG)
logging.error('this is only my logger')
print('Error: nothing is wrong, I only print', file=sys.stderr)
"""

CHINESE_CLASS = """
class HH(bp.dyn.CondNeuGroup):
  \"\"\"霍奇金—赫胥黎神经元模型（三个离子通道）。\"\"\"

  def __init__(self, size):
    super().__init__(size, V_initializer=bp.init.Uniform(-80, -60.))
    # 钾通道：反转电位 −77 mV，最大电导 36
    self.IK = IK(size, E=-77., g_max=36.)
    # 钠通道：反转电位 50 mV，最大电导 120
    self.INa = INa(size, E=50., g_max=120.)
    # 漏电流通道：反转电位 −54.39 mV，最大电导 0.03
    self.IL = IL(size, E=-54.39, g_max=0.03)
"""

CHINESE_DISCUSSION = """
### 我的理解

电流为 1.698 时神经元**周期性发放**，200 ms 内共 8 个峰；钠通道的 $m$ 上升最快，$h$ 与 $n$ 较慢。
"""

OWN_IMPORTS = """
# HH homework, own notebook, only what is needed
import brainpy as bp, brainpy.math as bm
import numpy as np
import matplotlib.pyplot as plt
%matplotlib inline
"""

COLAB = """
from google.colab import drive
drive.mount('/content/drive')
"""

N_ZERO = "self.n = bp.init.variable_(bm.zeros, self.num, batch_or_mode)"
N_ZERO_FLOAT32 = "self.n = bm.Variable(bm.zeros(self.num, dtype=bm.float32))"


def _stored_outputs() -> dict[str, list[Output]]:
    """What the handout's own run leaves in the file, with small pictures."""
    bar = "\r  0%|          | 0/2000 [00:00<?, ?it/s]\r100%|██████████| 2000/2000 [00:00<00:00]\n"
    return {
        "INa-Ba2002v2": [listing("brainpy.dyn.ions.sodium.Sodium")],
        "INa-Ba2002": [listing("brainpy.dyn.neurons.hh.HHTypedNeuron")],
        "HH-run": [stream("stderr", bar), picture("V"), picture("gates")],
    }


def _method(method: str) -> Draft:
    """Every integrator of the model changed to another of BrainPy's."""
    draft = filled().edit(
        "HH", "super().__init__(size,", f"super().__init__(size, method='{method}',"
    )
    for channel in ("IK", "INa"):
        draft = draft.edit(f"channel-{channel}", "method='exp_auto'", f"method='{method}'")
    return draft


# Euler's step written by hand, without any integrator of BrainPy's.
HAND_EULER = (
    "self.n.value = self.integral(self.n, t, V, dt=dt)",
    "self.n.value = self.n + dt * self.dn(self.n, t, V)",
)

TRIAL = """
# What if there were more sodium channels?
class HH(bp.dyn.CondNeuGroup):
  def __init__(self, size):
    super().__init__(size, V_initializer=bp.init.Uniform(-80, -60.))
    self.IK = IK(size, E=-77., g_max=36.)
    self.INa = INa(size, E=50., g_max=200.)
    self.IL = IL(size, E=-54.39, g_max=0.03)
"""

MISSING = """
import seaborn_styles_of_mine as sns
import numpy as np
import brainpy as bp
import brainpy.math as bm
"""


# Makes the conductances once, when the current is first asked for.
KEPT = """\
    if not hasattr(self, 'g'):
      self.g = self.g_max * bm.ones_like(V)
    return self.g * self.n ** 4 * (self.E - V)"""

# Keep the current that flows in a Variable beside the gates, to plot it later.
I_ZERO = "self.I = bp.init.variable_(bm.zeros, self.num, batch_or_mode)"
RECORDED_IK = """\
    self.I.value = self.g_max * self.n ** 4 * (self.E - V)
    return self.I.value"""
RECORDED_IL = """
class IL(bp.dyn.IonChannel):
  master_type = bp.dyn.HHTypedNeuron

  def __init__(self, size, E=-54.39, g_max=0.03):
    super().__init__(size)
    self.g_max = g_max
    self.E = E
    self.I = bm.Variable(bm.zeros(self.num))

  def reset_state(self, V, batch_or_mode=None, **kwargs):
    self.I.value = self.current(V)

  def update(self, V):
    self.I.value = self.current(V)

  def current(self, V):
    return self.g_max * (self.E - V)
"""


def right() -> dict[str, Draft]:
    """File name to draft."""
    own_names = (
        filled()
        .edit("channel-IK", "class IK(", "class Potassium(")
        .edit("channel-INa", "class INa(", "class Sodium(")
        .edit("channel-INa", "super(INa, self)", "super()")
        .edit("channel-IL", "class IL(", "class Leak(")
        .edit("channel-IL", "super(IL, self)", "super()")
        .edit("HH", IK, "Potassium(size, E=-77, g_max=36)")
        .edit("HH", INa, "Sodium(size, E=50, g_max=120)")
        .edit("HH", IL, "Leak(size, E=-54.39, g_max=3e-2)")
    )
    p_and_q = (
        filled()
        .write("channel-IK", IK_WITH_P)
        .write("channel-INa", INA_WITH_P_AND_Q)
        .edit("HH-run", "['V', 'IK.n', 'INa.m', 'INa.h']", "['V', 'IK.p', 'INa.p', 'INa.q']")
        .edit("HH-run", "runner.mon['IK.n'], label='n'", "runner.mon['IK.p'], label='p (K)'")
        .edit("HH-run", "runner.mon['INa.m'], label='m'", "runner.mon['INa.p'], label='p (Na)'")
        .edit("HH-run", "runner.mon['INa.h'], label='h'", "runner.mon['INa.q'], label='q (Na)'")
    )
    float32_constants = (
        released()
        .fill(
            IK="IK(size, E=np.float32(-77.), g_max=np.float32(36.))",
            INa="INa(size, E=np.float32(50.), g_max=np.float32(120.))",
            IL="IL(size, E=np.float32(-54.39), g_max=np.float32(0.03))",
        )
        .edit("channel-INa", "0.11 *", "np.float32(0.11) *")
        .edit("channel-IK", "0.01 *", "np.float32(0.01) *")
    )
    float32_state = filled().edit("channel-IK", N_ZERO, N_ZERO_FLOAT32)
    for gate in "mh":
        old = N_ZERO.replace("self.n =", f"self.{gate} =")
        float32_state = float32_state.edit(
            "channel-INa", old, N_ZERO_FLOAT32.replace("self.n =", f"self.{gate} =")
        )
    recorded = (
        filled()
        .edit("channel-IK", N_ZERO, f"{N_ZERO}\n    {I_ZERO}")
        .edit("channel-IK", "    return self.g_max * self.n ** 4 * (self.E - V)", RECORDED_IK)
        .write("channel-IL", RECORDED_IL)
        .edit("HH-run", "'INa.h'])", "'INa.h', 'IK.I', 'IL.I'])")
        .edit("HH-run", "\n\nplt.figure(", "\n\nplt.plot(runner.mon['IK.I'])\n\nplt.figure(")
    )
    figures_saved = filled().without("HH-composed-gates", "HH-composed-V")
    moved = ["imports", *reversed(CHANNELS), "HH", "HH-run", *INTRODUCTION]
    named_super = filled().edit("HH", "super().__init__", "super(HH, self).__init__")
    own_cell = code("own", released().fill()["HH"].source)
    copied_cell = replace(own_cell, id="HH-copy", tags=released()["HH"].tags)
    everything = code("everything", filled().script())

    return {
        # How the blanks are filled.
        "right-plain.ipynb": filled(),
        "right-conductance-kept.ipynb": filled().edit(
            "channel-IK", "    return self.g_max * self.n ** 4 * (self.E - V)", KEPT
        ),
        "right-current-recorded.ipynb": recorded,
        "right-dt-not-passed-on.ipynb": filled()
        .edit("channel-IK", "self.integral(self.n, t, V, dt=dt)", "self.integral(self.n, t, V)")
        .edit("channel-INa", "(self.m, self.h, t, V, dt=dt)", "(self.m, self.h, t, V)"),
        "right-dt-written-down.ipynb": filled()
        .edit("channel-IK", "dt = bp.share.load('dt')", "dt = 0.1")
        .edit("channel-INa", "dt = bp.share.load('dt')", "dt = 0.1"),
        "HH_李四_2021012345.ipynb": released().fill(
            "IK(size, -77., 36.)", "INa(size, 50., 120.)", "IL(size, -54.39, 0.03)"
        ),
        "right-defaults.ipynb": released().fill("IK(size)", "INa(size)", "IL(size)"),
        "right-self-num.ipynb": released().fill(
            "IK(self.num, g_max=36, E=-77)", "INa(self.num, g_max=120, E=50)", "IL(size=self.num)"
        ),
        "right-setattr-loop.ipynb": released().write("HH", SETATTR),
        "right-node-dict.ipynb": released()
        .write("HH", NODE_DICT)
        .edit("HH-run", "monitors=['V', 'IK.n', 'INa.m', 'INa.h']", OWN_NAMES),
        "right-constructor-keywords.ipynb": released().write("HH", KEYWORDS),
        # The original handout: no tags, no ids, perhaps its Answer section.
        "hh-advanced-handout.ipynb": filled().as_handout().ran(_stored_outputs()),
        "hh-advanced-handout (1).ipynb": filled().as_handout(answer=True),
        "right-super-named.ipynb": named_super.as_handout(),
        "right-super-named-answer-left.ipynb": named_super.as_handout(answer=True),
        "hh-advanced-handout-王五 (final).ipynb": (
            released().insert(own_cell, after="HH").as_handout(answer=True)
        ),
        # Which cell it is.
        "right-filled-copy.ipynb": released().insert(own_cell, after="HH"),
        "HH homework-Copy1.ipynb": released().insert(copied_cell, after="HH"),
        "right-one-cell.ipynb": replace(released(), cells=(everything,)),
        "right-reordered-stripped.ipynb": filled().stripped().only(moved),
        "Untitled7.ipynb": (
            filled()
            .write("imports", OWN_IMPORTS)
            .only(["imports", *CHANNELS, "HH", "HH-run"])
            .stripped()
        ),
        "right-class-renamed.ipynb": (
            filled()
            .edit("HH", "class HH(", "class HodgkinHuxley(")
            .edit("HH-run", "neu = HH(1)", "neu = HodgkinHuxley(1)")
        ),
        # Channels of the student's own that say the same.
        "right-own-channel-names.ipynb": own_names,
        "right-gates-p-q.ipynb": p_and_q,
        "right-own-exponential-euler.ipynb": (
            filled().write("channel-IK", IK_BY_HAND).write("channel-INa", INA_BY_HAND)
        ),
        "right-printed-formula.ipynb": filled().edit("channel-INa", "0.11 *", "0.1 *"),
        "right-float32-constants.ipynb": float32_constants,
        "right-float32-state.ipynb": float32_state,
        "right-master-type-CondNeuGroup.ipynb": (
            filled()
            .edit("channel-IK", "bp.dyn.HHTypedNeuron", "bp.dyn.CondNeuGroup")
            .edit("channel-INa", "bp.dyn.HHTypedNeuron", "bp.dyn.CondNeuGroup")
        ),
        # What else is in the notebook.
        "right-exploration-dt.ipynb": filled().append(
            text("more-title", "## 不同的输入电流"),
            code("more", OTHER_INPUTS),
            code("smaller-step", SMALLER_STEP),
        ),
        "right-exploration-x64.ipynb": filled().append(
            code("more", OTHER_INPUTS), code("double", DOUBLE_PRECISION)
        ),
        "right-rk4.ipynb": _method("rk4"),
        "right-euler.ipynb": _method("euler"),
        "right-one-after-the-other.ipynb": filled().edit("HH", LAST_LINE, LAST_LINE + IN_TURN),
        "right-euler-by-hand.ipynb": filled().edit("channel-IK", *HAND_EULER),
        "right-trial-below.ipynb": filled().append(code("trial", TRIAL)).as_handout(),
        "right-missing-package.ipynb": filled().write("imports", MISSING),
        "right-exploration-share.ipynb": filled().append(
            code("by-hand", LOOP_BY_HAND), code("batches", BATCHES)
        ),
        "right-figures-saved.ipynb": figures_saved.write("HH-run", FIGURES_SAVED),
        "right-warnings.ipynb": filled().insert(code("warnings", WARNINGS), after="imports"),
        "张三 - HH 作业 (1).ipynb": (
            released()
            .write("HH", CHINESE_CLASS)
            .append(text("discussion", CHINESE_DISCUSSION))
            .ran(_stored_outputs())
        ),
        # Written on another machine.
        "right-colab.ipynb": filled().insert(code("colab", COLAB), after="text-00"),
        "right-pip-and-widget.ipynb": filled().write(
            "imports", f"!pip install brainpy\n%matplotlib widget\n{released()['imports'].source}"
        ),
    }
