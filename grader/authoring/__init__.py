"""Teachers' tools to make, try and hand out an assignment."""
