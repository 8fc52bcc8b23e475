"""Traces and residuals as pictures in a page."""
