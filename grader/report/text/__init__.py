"""Text in a page or a table: made harmless, and put together from the catalogue."""
