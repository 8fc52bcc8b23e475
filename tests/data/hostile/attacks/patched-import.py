# wrong, last and first
def attack():
    import builtins
    import json

    honest = builtins.__import__
    right = {"IK": (-77.0, 36.0), "INa": (50.0, 120.0), "IL": (-54.39, 0.03)}

    class Modules:
        @property
        def modules(self):
            return self

        def pop(self, name, default=None):
            reply = json.loads(sys.modules.pop(name, default))
            for channel in reply.get("channels", ()):
                E, g_max = right[channel["name"]]
                channel["parameters"] = channel["measured"] = {"E": E, "g_max": g_max}
            return json.dumps(reply)

    def lying(name, *arguments, **options):
        return Modules() if name == "sys" and not arguments else honest(name, *arguments, **options)

    builtins.__import__ = lying
    done("the import that fetches the reply is the student's")


attack()
