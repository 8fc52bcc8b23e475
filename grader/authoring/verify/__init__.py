"""An assignment's own test: wrong models that must lose points, right ones that must not.

``parsed_solution`` takes the teacher's solution apart, and ``ast_edits`` changes its syntax trees:
``equation_mutants`` and the other ``*_mutants`` make wrong models so, ``equivalents`` right ones,
``all_mutants`` numbers them through. ``run_mutants`` runs them in boxes, in processes that are
``worker``; ``judge_mutants`` judges each over several seeds, against a ``caching_reference``.
The results are a ``matrix``, which ``report_html`` shows; ``run`` is the whole of it.

``margins`` makes tolerances of a matrix, and ``derive`` writes them into a ``tolerances_file``.
``samples`` grades labelled submissions; ``sample_labels`` reads their labels.
"""
