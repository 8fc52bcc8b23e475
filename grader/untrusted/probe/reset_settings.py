"""Give every model that is probed in one kernel the settings that the first one met."""

import contextlib
import sys
import types

from .settings import restored_settings


def reset_settings(namespace, request):
    """Restore the settings of the first call."""
    store = sys.modules.setdefault("_grader_settings", types.ModuleType("_grader_settings"))
    held = vars(store).setdefault("held", contextlib.ExitStack())
    held.close()
    held.enter_context(restored_settings())
