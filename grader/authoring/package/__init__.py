"""Everything that a platform needs to grade an assignment by itself, in one folder or file.

``wheel``           the grader as it runs here
``pins``            the versions of all that it uses
``time_limits``     limits that fit into a platform's own
``bundle_targets``  the platforms, and the parts of each one's bundle
``bundle``          the files of a bundle, by their path; ``templates`` holds its scripts
``zip_files``       these files as one zip
"""
