"""Right after the graded cell: keep every name as it stands now.

Later cells may define the class again, and methods look their names up late, so the
probe puts these names back before it makes an instance.
"""

import sys
import types


def before(namespace, request):
    """Right before the graded cell: remember which class, if any, has the name already."""
    name = request["class_name"]
    setattr(_store(), "before_" + request["exercise"], namespace.get(name))


def keep(namespace, request):
    """Remember what ``namespace`` holds at this moment, for one exercise.

    A class that was there before the cell ran is not the cell's: it is left out.
    """
    kept = {name: value for name, value in namespace.items() if not name.startswith("_")}
    name = request["class_name"]
    if kept.get(name) is getattr(_store(), "before_" + request["exercise"], None):
        kept.pop(name, None)
    setattr(_store(), "exercise_" + request["exercise"], kept)


def restore(namespace, exercise):
    """Put the kept names back; returns them (None when nothing was kept)."""
    kept = getattr(_store(), "exercise_" + exercise, None)
    if kept is not None:
        for name in [n for n in namespace if not n.startswith("_") and n not in kept]:
            del namespace[name]
        namespace.update(kept)
    return kept


def _store():
    return sys.modules.setdefault("_grader_kept", types.ModuleType("_grader_kept"))
