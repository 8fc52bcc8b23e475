# wrong, last
import builtins

done("everything is an instance of everything")
builtins.isinstance = lambda *_: True
builtins.hasattr = lambda *_: True
builtins.sorted = lambda found, **_: list(found)
builtins.vars = lambda found: {}
builtins.compile = lambda *_, **__: 1 / 0
