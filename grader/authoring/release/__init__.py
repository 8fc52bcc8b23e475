"""For authors: the student's notebook out of the teacher's, and a new assignment."""
