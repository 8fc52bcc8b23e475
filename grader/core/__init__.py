"""Shared ground of all others: frozen types, the catalogue of messages, small ground."""
