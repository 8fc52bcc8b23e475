"""Reading what was handed in: files to submissions, cells to exercises.

intake.collect            paths                      -> IntakeResult -> submitted files
notebook.read_notebook    a file                     -> Submission
cells.find_cell           a submission, an exercise  -> GradedCell
cells.answer_cells        a submission               -> what is the handout's own answer
"""
