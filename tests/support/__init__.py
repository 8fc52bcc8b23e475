"""Modules that several tests use: ``from tests.support.project import ROOT``.

project             the repository's folders, the ``grader`` command and what it writes
tiers               which folder's tests belong to which tier
courses, graded_corpus, graded_folders, sample_reports, gradebooks
                    courses, graded samples, output folders, reports and gradebooks
hh_reference, judged_solution, lesson, self_checks
                    the references, and the teacher's solution judged with changes
warm_kernels, either_kernel, run_notebooks
                    kernels, and notebooks run in them
sandboxes, sandbox_server, container, cgroups, hostile
                    sandboxes of each backend as each user, and hostile notebooks in them
dask_cluster, cluster_class, whole_class
                    a cluster on loopback, and a class with every trouble that there is
browsing, passbacks, lms, autograder_bundles, without_linux
                    what grading meets outside: a browser, platforms, bundles, other systems

The others serve one or two tests each. Some are programs: ``sandbox_server``, ``container``,
``judge_on_devices``, ``large_outputs``, ``screenshot``, ``warm_kernels``; each says how it is run.
"""
