"""Modules that several tests use: ``from tests.support.project import ROOT``."""
