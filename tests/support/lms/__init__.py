"""Learning platforms on loopback, strict where they may be, with faults on demand.

server   an HTTP server that fails in the ways that platforms do
lti      the platform's side of LTI 1.3: assertions, scopes, the form of a score
canvas   the part of Canvas's API that grading takes
"""
