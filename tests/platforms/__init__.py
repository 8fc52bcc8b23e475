"""Grading where others meet it: browsers, learning platforms, autograders, installed wheels."""
