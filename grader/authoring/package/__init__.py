"""Everything that a platform needs to grade an assignment by itself, in one folder or file.

wheel, pins    the grader as it runs here, and the versions of all that it uses
course         an assignment's two folders, as ``--assignments`` takes them
limits         time limits that fit into a platform's own
bundle         the files of one platform, by their path; ``templates`` holds its scripts
"""
