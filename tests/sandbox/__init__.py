"""Tests with real sandboxes: promises, limits, hostile notebooks, killed graders, containers.

They need Linux with bubblewrap or Landlock, and skip without. As root they also become an ordinary
user, who must reach this folder and Python; control groups and small disks are root's to make.
"""
