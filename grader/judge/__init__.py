"""What the judge computes: stimuli, the reference's answer, and measures of both."""
