"""Units, by the folders of ``grader/``; they need no kernel, no sandbox and no browser."""
