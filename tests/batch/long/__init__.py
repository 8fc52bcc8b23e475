"""Whole classes in every case that CI relies on."""
