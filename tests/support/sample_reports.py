"""Made-up reports for the tests of `grader.report`: one for every outcome, hostile text in it."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from grader.core.types import (
    CellRun,
    CheckResult,
    Curve,
    ExecutedNotebook,
    Figure,
    GradeReport,
    Residual,
    Status,
)
from tests.support.sample_traces import JPEG, TIME, WRONG_LEAK, curves, encoded, png, simulate

SCRIPT = "<script>alert('x')</script>"
HOSTILE = (
    f"{SCRIPT}\x1b[31mred\x1b[0m\x00 \u202egnp.exe\u202c =cmd|'/c calc'!A1 `rm` | **b** <img src=x>"
)
SECRETS = ("hh.hidden", "Hidden stimulus", "a ramp nobody knows", "777.25", "987654321", "DETAIL")

SOURCE = """class HH(bp.dyn.CondNeuGroup):
  def __init__(self, size):
    super().__init__(size, V_initializer=bp.init.Uniform(-80, -60.))
    # TODO: 初始化三个离子通道
    self.IK = IK(size, E=-77., g_max=36.)
    self.INa = INa(size, E=50., g_max=120.)
    self.IL = Il(size, E=-54.39, g_max=0.03)  # <b>leak</b>

neu = HH(1)
neu.reset()"""

TRACEBACK = (
    "\x1b[31m---------------------------------------------------------------------------\x1b[39m\n"
    "\x1b[31mNameError\x1b[39m                                 Traceback (most recent call last)\n"
    "\x1b[36mCell\x1b[39m\x1b[36m \x1b[39m\x1b[32mIn[31]\x1b[39m\x1b[32m, line 9\x1b[39m\n"
    "      6     self.INa = INa(size, E=50., g_max=120.)\n"
    "      7     self.IL = Il(size, E=-54.39, g_max=0.03)  # <b>leak</b>\n"
    "----> 9 neu = HH(1)\n"
    "     10 neu.reset()\n"
    "File /opt/box/env/lib/python3.11/site-packages/brainpy/_src/dynsys.py:62, in __init__(self)\n"
    "     60     self.before()\n"
    "---> 62     raise error\n"
    'File "/home/box/secret place/run.py", line 3, in main\n'
    "\x1b[31mNameError\x1b[39m: name 'Il' is not defined\x1b]0;title\x07"
)
_ZH = {
    "The notebook runs from top to bottom": "笔记本从头到尾运行无误",
    "Every blank is filled": "所有空格都已填写",
    "The notebook draws its figures": "笔记本画出了图",
    "Potassium channel IK": "钾离子通道 IK",
    "Sodium channel INa": "钠离子通道 INa",
    "Leak channel IL": "漏电流通道 IL",
    "No channel too many": "没有多余的通道",
    "Base class of the model": "模型的基类",
    "Reversal potential of": "反转电位：",
    "Maximal conductance of": "最大电导：",
    "Master type of": "master_type：",
    "Number of spikes": "动作电位个数",
    "Firing rate": "发放频率",
    "Membrane potential V": "膜电位 V",
    "Gating variable": "门控变量",
}


def _title(title: str, language: str) -> str:
    if language == "zh":
        for english, chinese in _ZH.items():
            title = title.replace(english, chinese)
    return title


def checks(language: str = "en") -> tuple[CheckResult, ...]:
    """Thirty-two checks, all passed: 23 public and 9 hidden ones, 100 points."""
    rows: list[tuple[str, str, str, float, object]] = [
        ("execution", "runs", "The notebook runs from top to bottom", 4, None),
        ("execution", "filled", "Every blank is filled", 4, 3),
        ("execution", "figures", "The notebook draws its figures", 2, True),
        ("channels", "IK", "Potassium channel IK", 5, "IonChannel"),
        ("channels", "INa", "Sodium channel INa", 5, "IonChannel"),
        ("channels", "IL", "Leak channel IL", 5, "IonChannel"),
        ("channels", "extra", "No channel too many", 2, 3),
        ("channels", "base", "Base class of the model", 3, "CondNeuGroup"),
    ]
    values = {"IK": (-77.0, 36.0), "INa": (50.0, 120.0), "IL": (-54.39, 0.03)}
    for channel, (E, g_max) in values.items():
        rows.append(("parameters", f"{channel}.E", f"Reversal potential of {channel}", 4, E))
        rows.append(
            ("parameters", f"{channel}.g_max", f"Maximal conductance of {channel}", 3, g_max)
        )
    rows += [("master_type", c, f"Master type of {c}", 3, "HHTypedNeuron") for c in values]
    rows += [
        ("simulation", "spikes", "Number of spikes", 4, 14),
        ("simulation", "rate", "Firing rate", 2, 70.0),
        ("simulation", "V", "Membrane potential V", 4, None),
        ("simulation", "n", "Gating variable n", 2, None),
        ("simulation", "m", "Gating variable m", 2, None),
        ("simulation", "h", "Gating variable h", 2, None),
    ]
    passed = "符合要求。" if language == "zh" else "As asked."
    public = [
        CheckResult(
            id=f"hh.{family}.{name}", family=family, visibility="public", status="pass",
            points=points, max_points=points, message_id=f"checks.{family}.ok", message=passed,
            expected=value, found=value, title=_title(title, language), detail=f"DETAIL of {name}",
        )
        for family, name, title, points, value in rows
    ]  # fmt: skip
    hidden = [
        CheckResult(
            id=f"hh.hidden.{k}", family="simulation", visibility="hidden", status="pass",
            points=24 / 9, max_points=24 / 9, message_id="checks.hidden.ok",
            message=f"a ramp nobody knows, number {k}", expected=777.25, found=777.25,
            title=f"Hidden stimulus {k}", detail=f"DETAIL: rmse 1e-9 over stimulus {k}",
        )
        for k in range(9)
    ]  # fmt: skip
    return (*public, *hidden)


def _cells(failed: int | None = None, status: str = "error") -> tuple[CellRun, ...]:
    code = (1, 3, 4, 6, 8, 10, 11, 12, 14, 16, 18, 20, 22, 24, 25)
    runs = [CellRun(index=index, status="ok", seconds=0.01 * index) for index in code]
    if failed is not None:
        runs[code.index(failed)] = CellRun(
            index=failed, status=status, seconds=0.4, error_name="NameError",
            error_text="name 'Il' is not defined", traceback=TRACEBACK, line=7,
        )  # fmt: skip
    return tuple(runs)


def perfect(language: str = "en") -> GradeReport:
    """All right: every check passed, and the traces are the reference's."""
    run = ExecutedNotebook(
        status="ok", cells=_cells(), seconds=12.34,
        figures=(
            Figure(cell=24, name="HH.jpg", mime="image/png", data=png()),
            Figure(cell=24, name="", mime="image/jpeg", data=JPEG),
        ),
    )  # fmt: skip
    zh = language == "zh"
    return GradeReport(
        assignment="hh",
        assignment_title="Day 2 进阶作业：HH 模型" if zh else "Day 2, advanced: HH model",
        assignment_digest="3f" * 32,
        submission_id="张伟 2026-118" if zh else "mara-lindqvist",
        file="张伟 2026-118/作业.ipynb" if zh else "mara-lindqvist/homework final (2).ipynb",
        sha256="ab" * 32,
        outcome="graded",
        score=100.0,
        max_score=100.0,
        checks=checks(language),
        run=run,
        notes=("评分取第 25 个单元格。" if zh else "The class HH was taken from cell 25.",),
        curves=curves(simulate()),
        provenance={
            "grader": "0.1.0", "brainpy": "2.8.0", "jax": "0.9.1", "python": "3.11.7",
            "device": "cpu", "sandbox": "bwrap", "seed": 987654321,
        },
        language=language,
    )  # fmt: skip


def mark(
    report: GradeReport, id: str, status: Status, share: float, **changes: object
) -> GradeReport:
    """``report`` with one check's verdict changed, and the score with it."""
    changed = tuple(
        replace(c, status=status, points=share * c.max_points, **changes) if c.id == id else c
        for c in report.checks
    )
    return replace(report, checks=changed, score=round(sum(c.points for c in changed), 9))


def partly_wrong(language: str = "en") -> GradeReport:
    """Runs through, but a conductance is ten times too high and a channel is the library's."""
    zh = language == "zh"
    report = perfect(language)
    report = mark(
        report, "hh.parameters.IL.g_max", "fail", 0, found=0.3, cell=24, line=7,
        message="最大电导 g_max 应为 0.03 mS/cm²，实际为 0.3：大了十倍。" if zh else
        "g_max is 0.3 mS/cm² where 0.03 was asked for: ten times too high.",
    )  # fmt: skip
    report = mark(
        report, "hh.channels.IL", "partial", 0.5, found="brainpy.dyn.IL", cell=24, line=7,
        message="这是 BrainPy 自带的通道，作业要求使用你自己定义的类。" if zh else
        "This is BrainPy's own channel; the exercise asks for the class that you define yourself.",
    )  # fmt: skip
    report = mark(
        report, "hh.simulation.spikes", "fail", 0, found=13,
        message="在讲义给定的电流下应有 14 个动作电位，实际为 13 个。" if zh else
        "The handout's current should give 14 spikes; your model fires 13.",
    )  # fmt: skip
    report = mark(
        report, "hh.simulation.V", "partial", 0.5,
        message="前 20 ms 内膜电位的均方根误差为 0.81 mV，容差为 1e-4 mV。" if zh else
        "Over the first 20 ms V is off by 0.81 mV (root mean square); 1e-4 mV is allowed.",
    )  # fmt: skip
    for gate in "nmh":
        report = mark(
            report, f"hh.simulation.{gate}", "partial", 0.5,
            message=f"门控变量 {gate} 前 20 ms 内的均方根误差为 0.006。" if zh else
            f"Over the first 20 ms {gate} is off by 0.006 (root mean square).",
        )  # fmt: skip
    report = mark(report, "hh.simulation.rate", "skipped", 0, message=HOSTILE, found=None)
    for k in range(4):
        report = mark(report, f"hh.hidden.{k}", "fail", 0, found=0.5)
    return replace(report, curves=curves(simulate(WRONG_LEAK)))


def residual(*, named: bool = True) -> Residual:
    """dn/dt without the factor 1 - n on alpha, at 256 drawn states; the mistake named or not."""
    drawn = np.random.default_rng(3)
    V, n = drawn.uniform(-90, 45, 256), drawn.uniform(0, 1, 256)
    found = 0.01 * (V + 55) / -np.expm1(-(V + 55) / 10) * n
    mistake = "In your dn/dt, α_n is not multiplied by 1−n."
    if not named:
        return Residual(state="n", unit="1/ms", V=V, difference=found)
    return Residual(state="n", unit="1/ms", V=V, difference=found, explained=found, mistake=mistake)


def mistaken(language: str = "en") -> GradeReport:
    """A likely mistake in one equation; another one is wrong, and nothing explains it."""
    named = residual()
    bare = replace(
        residual(named=False), state="V", unit="mV/ms", difference=-800 * named.difference
    )
    report = partly_wrong(language)
    return replace(report, residuals=(named, bare), notes=(*report.notes, named.mistake))


def crashed(language: str = "en") -> GradeReport:
    """A NameError in cell 26: the model could not be probed."""
    report = perfect(language)
    report = mark(
        report, "hh.execution.runs", "partial", 0.5, cell=25, line=7,
        message="第 26 个单元格报错：NameError。" if language == "zh" else
        "Cell 26 stopped with NameError.",
    )  # fmt: skip
    for check in report.checks:
        if check.family != "execution":
            report = mark(
                report, check.id, "skipped", 0, found=None,
                message="模型无法创建，因此未检查。" if language == "zh" else
                "The model could not be made, so this was not checked.",
            )  # fmt: skip
    error = "NameError: name 'Il' is not defined"
    return replace(
        report,
        run=replace(report.run, status="cell_error", failed_cell=25, error=error, cells=_cells(25)),
        error_source=SOURCE,
        curves=curves(None),
        teacher_notes=("DETAIL: the probe saw NameError",),
    )


def unreadable(language: str = "en") -> GradeReport:
    """No notebook at all: 0 points, and a teacher should look."""
    report = perfect(language)
    for check in report.checks:
        report = mark(report, check.id, "skipped", 0, message="", found=None)
    error = "不是 JSON：第 1 行第 1 列" if language == "zh" else "not JSON: line 1, column 1"
    return replace(
        report,
        score=0.0,
        run=ExecutedNotebook(status="unreadable", error=error),
        notes=(),
        curves=(),
        needs_look=("文件无法读取" if language == "zh" else "The file could not be read",),
    )


def not_graded(language: str = "en") -> GradeReport:
    """Our own tool broke in one check."""
    report = mark(
        partly_wrong(language), "hh.simulation.V", "error", 0,
        message="the reference broke", detail="DETAIL: Traceback\nZeroDivisionError",
    )  # fmt: skip
    return replace(
        report,
        outcome="not_graded",
        score=None,
        teacher_notes=("DETAIL: reference compiled on another device",),
        needs_look=("A check broke: hh.simulation.V",),
    )


def hostile() -> GradeReport:
    """Everything that a student can choose is chosen to do harm."""
    report = partly_wrong()
    return replace(
        report,
        submission_id=f"=1+2 #1 50%/ü 张 {HOSTILE}",
        file=f"../{HOSTILE}.ipynb",
        notes=(HOSTILE, "read from /home/box/secret/place.ipynb"),
        error_source=f"x = 1\n{HOSTILE}\n" + "y" * 100_000 + "\n" + "z\n" * 3000,
        run=replace(
            report.run,
            status="cell_error",
            failed_cell=25,
            error=HOSTILE + "\n" + "A" * 1_000_000,
            cells=(
                CellRun(
                    index=25, status="error", error_name=SCRIPT, error_text=HOSTILE * 1000, line=2,
                    traceback="\n".join([HOSTILE] * 5000),
                ),
            ),
            figures=(
                Figure(cell=1, name=HOSTILE, mime="image/png", data=png(20, 20)),
                Figure(cell=1, name="", mime="image/png", data='"><script>alert(1)</script>'),
                Figure(cell=1, name="", mime="image/jpeg", data=encoded(b"<svg onload=x/>")),
                Figure(cell=1, name="", mime="image/png", data=encoded(b"<html>")),
            ),
        ),
        curves=(
            Curve(
                label=HOSTILE, unit=SCRIPT, time=TIME, reference=simulate()["V"],
                student=np.where(TIME > 80, np.nan, simulate(WRONG_LEAK)["V"]),
            ),
        ),
    )  # fmt: skip


ALL = {
    "perfect": perfect,
    "partly_wrong": partly_wrong,
    "crashed": crashed,
    "unreadable": unreadable,
    "not_graded": not_graded,
}
