# wrong, first
import builtins


def attack():
    honest = builtins.__build_class__

    def build(body, name, *bases, **options):
        """In the place of the graded class, one that makes its channels otherwise."""
        made = honest(body, name, *bases, **options)
        if name == "HH":
            names = body.__globals__

            def init(self, size):
                bp.dyn.CondNeuGroup.__init__(self, size, V_initializer=bp.init.Uniform(-80, -60.0))
                self.IK = names["IK"](size, E=-77.0, g_max=36.0)
                self.INa = names["INa"](size, E=50.0, g_max=120.0)
                self.IL = names["IL"](size, E=-54.39, g_max=0.03)

            made.__init__ = init
        return made

    builtins.__build_class__ = build
    done("the graded class is not what its cell says")


attack()
