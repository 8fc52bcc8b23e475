"""Start a program where user namespaces are refused, as Docker and Ubuntu 24.04 do.

    python refuse_user_namespaces.py PROGRAM ARGUMENT...

A seccomp filter stands for them; it holds for this program alone and changes nothing else.
"""

from __future__ import annotations

import errno
import os
import sys

from grader.box.inside.seccomp import Rule, install

_NEW_USER = 0x10000000
RULES = (
    Rule(("unshare", "clone"), argument=0, test="any_bit", values=(_NEW_USER,)),
    Rule(("clone3",), errno.ENOSYS),
)

if __name__ == "__main__":
    install(RULES)
    os.execvp(sys.argv[1], sys.argv[1:])
