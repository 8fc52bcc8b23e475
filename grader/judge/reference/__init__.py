"""The reference: its model, its traces, and what of it explains a student's mistake."""
