"""One report as a page, for the student and for the teacher."""
