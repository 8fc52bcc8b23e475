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
from tests.data.samples.right_cells import (
    BATCHES,
    CHINESE_CLASS,
    CHINESE_DISCUSSION,
    COLAB,
    DOUBLE_PRECISION,
    FIGURES_SAVED,
    IK_BY_HAND,
    IK_WITH_P,
    IN_TURN,
    INA_BY_HAND,
    INA_WITH_P_AND_Q,
    KEPT,
    KEYWORDS,
    LOOP_BY_HAND,
    MISSING,
    NODE_DICT,
    OTHER_INPUTS,
    OWN_IMPORTS,
    OWN_NAMES,
    RECORDED_IK,
    RECORDED_IL,
    SETATTR,
    SMALLER_STEP,
    TRIAL,
    WARNINGS,
)

CHANNELS = ("channel-IK", "channel-INa", "channel-IL")
INTRODUCTION = (
    *("text-02", "master-type-IK", "master-type-ICa", "master-type-ICaNa"),
    *("text-12", "HH-composed", "HH-composed-run", "HH-composed-V"),
)
LAST_LINE = "self.IL = IL(size, E=-54.39, g_max=0.03)"
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
# Keep the current that flows in a Variable beside the gates, to plot it later.
I_ZERO = "self.I = bp.init.variable_(bm.zeros, self.num, batch_or_mode)"


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
