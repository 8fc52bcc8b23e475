"""Several models in one kernel, each of which meets the settings that the first one met."""

import contextlib
import sys
import types

from .settings import put_back


def afresh(namespace, request):
    """Put the settings back as they were at the first call."""
    store = sys.modules.setdefault("_grader_settings", types.ModuleType("_grader_settings"))
    held = vars(store).setdefault("held", contextlib.ExitStack())
    held.close()
    held.enter_context(put_back())
