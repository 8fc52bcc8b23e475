"""What teachers use to make, try and hand out an assignment."""
