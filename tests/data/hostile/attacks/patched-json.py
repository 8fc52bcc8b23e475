# wrong, last and first
def attack():
    import json

    honest = json.dumps
    right = {"IK": (-77.0, 36.0), "INa": (50.0, 120.0), "IL": (-54.39, 0.03)}

    def lying(reply, *arguments, **options):
        for channel in reply.get("channels", ()) if isinstance(reply, dict) else ():
            E, g_max = right[channel["name"]]
            channel["parameters"] = channel["measured"] = {"E": E, "g_max": g_max}
        return honest(reply, *arguments, **options)

    json.dumps = lying
    done("json changes the probe's reply")


attack()
