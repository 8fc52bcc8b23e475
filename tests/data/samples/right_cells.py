"""Cells of submissions that are right."""

from __future__ import annotations

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
