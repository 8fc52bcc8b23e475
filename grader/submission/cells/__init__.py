"""The search for each exercise's cell in a notebook."""
