# right, instead of the class
class Everything(float):
    """Equal to whatever it is compared with."""

    __eq__ = __le__ = __ge__ = lambda self, other: True
    __hash__ = float.__hash__


class HH(bp.dyn.CondNeuGroup):
    def __init__(self, size):
        super().__init__(size, V_initializer=bp.init.Uniform(-80, -60.0))
        self.IK = IK(size, E=float("nan"), g_max=float("inf"))
        self.INa = INa(size, E=Everything(1.0), g_max=-float("inf"))
        self.IL = IL(size, E=10.0**300, g_max=float("nan"))


done("parameters that are no numbers")
