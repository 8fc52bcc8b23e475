# right, instead of the class
class HH(bp.dyn.CondNeuGroup):
    def __init__(self, size):
        super().__init__(size, V_initializer=bp.init.Uniform(-80, -60.0))
        self.IK = IK(size, E=-77.0, g_max=36.0)
        self.INa = INa(size, E=50.0, g_max=120.0)
        self.IL = IL(size, E=-54.39, g_max=0.03)
        for name in ("x" * 5000, "\ud800", "a\x00b"):
            setattr(self, name, IL(size, E=-54.39, g_max=0.0))


IK.__name__, IK.__module__ = "k" * 5000, "\udfff"
done("names that are no text, and names of 5,000 letters")
