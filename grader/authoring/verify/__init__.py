"""An assignment's own test: wrong models that must lose points, right ones that must not.

``operators``, ``hidden`` and ``equivalents`` make models out of the teacher's solution by
changing its syntax tree, ``ask`` runs them in boxes, ``judging`` judges each over several
seeds, ``page`` shows what came of it.
"""
