"""A notebook's file, read, repaired where it can be, and digested."""
