"""What all others share: frozen types, the catalogue of messages, small ground. No imports here."""
