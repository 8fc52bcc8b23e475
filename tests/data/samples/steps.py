"""Right equations, wrong steps: what a vector field alone does not show."""

from __future__ import annotations

from tests.data.samples.handout import Draft, filled
from tests.data.samples.right import LAST_LINE, N_ZERO, N_ZERO_FLOAT32


def wrong_steps() -> dict[str, Draft]:
    """Models whose equations are the handout's and which go elsewhere all the same."""

    def update(body: str, state: str = "") -> Draft:
        method = f"{state}\n\n  def update(self, x=None):\n{body}"
        return filled().edit("HH", LAST_LINE, LAST_LINE + method)

    single = filled().edit("channel-IK", N_ZERO, N_ZERO_FLOAT32)
    for gate in "mh":
        old, new = (text.replace("self.n =", f"self.{gate} =") for text in (N_ZERO, N_ZERO_FLOAT32))
        single = single.edit("channel-INa", old, new)
    ignored = "\n\n  def update(self, x=None):\n    super().update()"
    return {
        "gates-at-half-dt.ipynb": filled()
        .edit("channel-IK", "V, dt=dt)", "V, dt=0.05)")
        .edit("channel-INa", "V, dt=dt)", "V, dt=0.05)"),
        "reset-after-a-spike.ipynb": update(
            "    super().update(x)\n    self.V.value = bm.where(self.V >= 40., -65., self.V)"
        ),
        "adapts-by-itself.ipynb": update(
            "    super().update((0. if x is None else x) - self.w)\n"
            "    rise = bm.where(self.V > 0., 5., 0.) - self.w\n"
            "    self.w.value = self.w + 0.01 * rise * bp.share['dt']",
            "\n    self.w = bm.Variable(bm.zeros(self.num))",
        ),
        "potassium-fades.ipynb": filled().edit(
            "channel-IK",
            "self.n ** 4 * (self.E - V)",
            "self.n ** 4 * (self.E - V) * bm.where(bp.share.load('t') > 10., 0.8, 1.)",
        ),
        "float32-input-ignored.ipynb": single.edit("HH", LAST_LINE, LAST_LINE + ignored),
    }
