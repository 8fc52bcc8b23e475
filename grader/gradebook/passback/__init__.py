"""Marks from the gradebook into a learning platform over HTTP: what would be sent, then sending.

    settings   lms.toml: where the platform is and who we are to it; nothing secret
    secret     tokens and keys, out of the environment or a file, and out of every message
    http       requests with limits, tries and pauses
    lti        LTI 1.3: a token, names and roles, results, scores
    canvas     Canvas's own API: submissions as they are graded there, and grading them
    platform   what is asked of a platform, and what comes back
    plan       gradebook, sent log, platform -> what would be sent to whom, and what not, and why
    send       doing so, each on record before it leaves

Needs the extra ``passback``. Nothing but ``grader export`` imports it.
"""
