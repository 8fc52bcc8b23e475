# wrong, last
bm.for_loop = lambda body, operands, *_, **__: body(*[o[0] for o in operands])
bm.jit = lambda function, *_, **__: function
bp.dyn.IonChannel = object
bp.share.save = lambda *_, **__: None
bm.set_dt = bm.enable_x64 = bm.clear_name_cache = lambda *_, **__: None
done("BrainPy computes nonsense")
