"""Hostile notebooks as a batch: started in each sandbox, watched from outside."""
