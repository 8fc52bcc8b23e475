"""Pages in a real browser: Playwright with Chromium; skipped without."""
