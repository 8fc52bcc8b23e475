"""Right after the graded cell: keep every name as it stands now.

Later cells may define the class again, and methods look their names up late, so the
probe puts these names back before it makes an instance.
"""

import sys
import types


def keep(namespace, exercise):
    """Remember what ``namespace`` holds at this moment, for ``exercise``."""
    store = sys.modules.setdefault("_grader_kept", types.ModuleType("_grader_kept"))
    kept = {name: value for name, value in namespace.items() if not name.startswith("_")}
    setattr(store, "exercise_" + exercise, kept)


def restore(namespace, exercise):
    """Put the kept names back; returns them (None when nothing was kept)."""
    store = sys.modules.get("_grader_kept")
    kept = getattr(store, "exercise_" + exercise, None)
    if kept is not None:
        for name in [n for n in namespace if not n.startswith("_") and n not in kept]:
            del namespace[name]
        namespace.update(kept)
    return kept
