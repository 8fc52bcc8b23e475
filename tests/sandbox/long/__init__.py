"""Disks and machines that run full, made small by root."""
