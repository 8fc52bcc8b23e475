"""Marks to a platform's side of our own on loopback: `tests.support.lms`."""
