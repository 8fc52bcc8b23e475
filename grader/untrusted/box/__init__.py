"""Code inside the box: an island that imports nothing else of ``grader``.

Only this folder of the project is visible there. ``fork_server`` is the warm process,
``fork`` turns a fork of it into the box of one submission, ``kernel`` is what the
student's cells run in. ``seccomp`` and ``landlock`` are pure but for ``install``.
"""
