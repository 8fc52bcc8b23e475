"""Tests of ``grader/report/formats``."""
