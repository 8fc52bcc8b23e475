"""Evidence and the reference's answers become a report: checks, marks, causes."""
