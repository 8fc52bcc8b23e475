"""Code that runs beside student code, which may tamper with it. Imports nothing of grader."""
