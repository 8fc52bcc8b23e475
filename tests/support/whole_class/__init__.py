"""A class as Moodle gives it out, with every trouble that there is; and what must become of it.

troubles    what students hand in that is no plain notebook, and the marks it may get
students    a class of any size: names, notebooks, troubles, the same ones each time
platforms   the class as a download, a grading worksheet, a gradebook
results     what came out held against what went in, and exports against results
"""
