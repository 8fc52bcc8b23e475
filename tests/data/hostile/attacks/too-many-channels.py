# right, instead of the class
class HH(bp.dyn.CondNeuGroup):
    def __init__(self, size):
        super().__init__(size, V_initializer=bp.init.Uniform(-80, -60.0))
        self.IK = IK(size, E=-77.0, g_max=36.0)
        self.INa = INa(size, E=50.0, g_max=120.0)
        self.IL = IL(size, E=-54.39, g_max=0.03)
        for i in range(150):
            setattr(self, f"more{i}", IL(size, E=-54.39, g_max=0.0))


done("150 more channels than a reply may have")
