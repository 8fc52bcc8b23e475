"""What tests grade and compare with, how it was made, and tests that it is in order."""
