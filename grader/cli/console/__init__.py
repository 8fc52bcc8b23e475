"""Progress, plans and results on the terminal."""
