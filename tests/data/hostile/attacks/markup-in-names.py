# right, instead of the class
class HH(bp.dyn.CondNeuGroup):
    def __init__(self, size):
        super().__init__(size, V_initializer=bp.init.Uniform(-80, -60.0))
        IL.__name__ = "IL"
        self.IK = IK(size, E=-77.0, g_max=36.0)
        self.INa = INa(size, E=50.0, g_max=120.0)
        self.IL = IL(size, E=-54.39, g_max=0.03)
        setattr(self, "<img src=x onerror=grader_hostile()>", IL(size, E=-54.39, g_max=0.1))
        IL.__name__ = "<script>grader_hostile()</script>"


IL.master_type = type("<script>grader_hostile()</script>{{ 7*7 }}", (bp.dyn.HHTypedNeuron,), {})
done("a channel, a class and a master type whose names are markup")
