# right, instead of the class
def lying(right, wrong):
    """A parameter that is right for whoever looks at it, and wrong in the channel's own current."""

    def get(self):
        frames = (sys._getframe(1), sys._getframe(2))  # BrainPy's own look-up may stand between
        return wrong if "current" in [f.f_code.co_name for f in frames] else right

    return property(get, lambda self, value: None)


class LyingIK(IK):
    E, g_max = lying(-77.0, 77.0), lying(36.0, 20.0)


class LyingINa(INa):
    E, g_max = lying(50.0, -50.0), lying(120.0, 200.0)


class LyingIL(IL):
    E, g_max = lying(-54.39, -70.0), lying(0.03, 0.3)


class HH(bp.dyn.CondNeuGroup):
    def __init__(self, size):
        super().__init__(size, V_initializer=bp.init.Uniform(-80, -60.0))
        self.IK = LyingIK(size)
        self.INa = LyingINa(size)
        self.IL = LyingIL(size)


done("E and g_max lie to whoever looks at them")
