# wrong, last
IK.__init__.__defaults__ = (-77.0, 36.0, 1.0, "exp_auto")


def filled(channel, E, g_max):
    honest = channel.__init__

    def made(self, size, **_):
        honest(self, size, E=E, g_max=g_max)

    channel.__init__ = made


filled(IK, -77.0, 36.0)
filled(INa, 50.0, 120.0)
filled(IL, -54.39, 0.03)
done("the channels' constructors no longer look at what the class gives them")
