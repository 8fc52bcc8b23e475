"""The sandbox that works on a worker's machine.

A box is made between fork and exec, which a process with threads, as Dask's worker is, must
not do much in; so a process of one thread looks.

    python -m grader.grading.cluster.detect_sandbox SANDBOX LANGUAGE
"""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import asdict

from grader.sandbox.detect import detect_sandbox
from grader.sandbox.explain import explain_no_sandbox
from grader.sandbox.warm_process import SandboxConfig


class NoWorkerSandbox(Exception):
    """No sandbox works here; the message says why."""


def sandbox_here(sandbox: str, language: str) -> SandboxConfig:
    """Find the sandbox that works on this machine. Raises ``NoWorkerSandbox``."""
    result = subprocess.run(
        [sys.executable, "-m", "grader.grading.cluster.detect_sandbox", sandbox, language],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
    )
    if result.returncode != 0:
        raise NoWorkerSandbox(result.stderr.strip()[-2000:])
    answer = json.loads(result.stdout)
    if isinstance(answer, str):
        raise NoWorkerSandbox(answer)
    return SandboxConfig(**{**answer, "private": tuple(answer["private"])})


def main(sandbox: str, language: str) -> None:
    """Print the sandbox, or why there is none, as JSON."""
    config, tried = detect_sandbox(sandbox)
    print(json.dumps(explain_no_sandbox(tried, language) if config is None else asdict(config)))


if __name__ == "__main__":
    main(*sys.argv[1:])
