"""Apply small mistakes to a copy of the code, one at a time, and see whether the tests tell."""

from __future__ import annotations

import argparse
import re
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.mutations import (
    FOLDER,
    TIERS,
    Mutation,
    Unusable,
    all_of_them,
    apply,
    arguments_for,
    private_copy,
    read,
    run_tests,
)

_HELP = """\
Without a name it lists the mutations. With names, or --all, each is applied alone to a copy of
the working tree (what git ignores is left out), and the tests that it names are run there. The
working tree itself is not touched.

  red      a test failed: the mistake would have been seen
  ALIVE    every test passed: nobody would have noticed
  SKIPPED  none of the tests can run on this machine, so nothing is known

The same tests run once without any patch before: where they are red already, or can't be found,
nothing is tried. Each mutation takes from a few seconds to a minute, all of them some minutes.
"""
_ENDS = """\
Exit status: 0 every mutation was red; 1 one was not; 2 nothing can be said: wrong usage, a patch
that does not apply, tests that are red without it or can't be run.

  python -m tests.mutations
  python -m tests.mutations seed-1 lock-2
  python -m tests.mutations --all
  python -m tests.mutations --whole --all     hours: a whole tier for each
"""
_FAILED = 1  # pytest's status where tests ran and some failed; others are no verdict


@dataclass(frozen=True, slots=True)
class Tried:
    """What the tests said of a mutation."""

    mutation: Mutation
    verdict: str
    seconds: float


def main() -> int:
    """List, or try; returns the exit status."""
    options = _options()
    try:
        known = {mutation.name: mutation for mutation in all_of_them()}
        if not options.names and not options.all:
            _list(list(known.values()))
            return 0
        chosen = [*known.values()] if options.all else [_named(n, known) for n in options.names]
        _green_without(chosen, whole=options.whole)
        tried = [_try(mutation, whole=options.whole) for mutation in chosen]
    except Unusable as problem:
        print(problem, file=sys.stderr)
        return 2
    _show(tried)
    return 0 if all(one.verdict == "red" for one in tried) else 1


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m tests.mutations",
        description=f"{__doc__}\n\n{_HELP}",
        epilog=_ENDS,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("names", nargs="*", metavar="NAME", help="as seed-1, or a file *.patch")
    parser.add_argument("--all", action="store_true", help="try every mutation of the folder")
    parser.add_argument(
        "--whole",
        action="store_true",
        help="run the whole tier up to its first failure, in place of the tests that are named; "
        "but for tests/test_mutations.py, which sees every patch since it is applied",
    )
    options = parser.parse_args()
    if options.names and options.all:
        parser.error("give names, or --all, and not both")
    if options.whole and not (options.names or options.all):
        parser.error("--whole needs names, or --all")
    return options


def _named(name: str, known: dict[str, Mutation]) -> Mutation:
    if name in known:
        return known[name]
    if name.endswith(".patch") and Path(name).is_file():
        return read(Path(name))
    raise Unusable(f"{name}: there is no such mutation in {FOLDER}, nor such a file")


def _green_without(chosen: Sequence[Mutation], *, whole: bool) -> None:
    """Raises ``Unusable`` where tests are red, or can't run, without any mutation."""
    for tier in TIERS:
        tests = dict.fromkeys(test for one in chosen if one.tier == tier for test in one.red)
        if not tests:
            continue
        print(f"Without a mutation: {'all' if whole else len(tests)} of the tier {tier} ...")
        with private_copy() as copy:
            done = run_tests(copy, arguments_for(list(tests), tier, whole=whole))
        if done.returncode != 0:
            raise Unusable(f"{done.stdout[-6000:]}\nThe tests are red without any mutation.")


def _try(mutation: Mutation, *, whole: bool) -> Tried:
    """Raises ``Unusable`` where the patch does not apply, and where pytest gave no verdict."""
    began = time.monotonic()
    with private_copy() as copy:
        if problem := apply(mutation.file, copy):
            raise Unusable(f"{mutation.name} does not apply: {problem}")
        done = run_tests(copy, arguments_for(mutation.red, mutation.tier, whole=whole))
    if done.returncode not in (0, _FAILED):
        text = done.stdout[-6000:]
        raise Unusable(f"{text}\n{mutation.name}: pytest ended with {done.returncode}.")
    ran = re.search(r"\d+ passed", done.stdout) is not None
    verdict = "red" if done.returncode else "ALIVE" if ran else "SKIPPED"
    tried = Tried(mutation, verdict, time.monotonic() - began)
    print(f"{mutation.name}: {verdict} ({tried.seconds:.0f} s)", flush=True)
    for line in re.findall(r"^(?:FAILED|ERROR) .*$", done.stdout, re.MULTILINE):
        print(f"  {line[:160]}")
    return tried


def _list(mutations: Sequence[Mutation]) -> None:
    for one in mutations:
        print(f"{one.name:14} {one.tier:8} {one.about}\n{'':23} {' '.join(one.red)}")
    print(f"\n{len(mutations)} mutations; --help says how to try them.")


def _show(tried: Sequence[Tried]) -> None:
    print(f"\n{'mutation':14} {'tier':8} {'verdict':8} {'seconds':>7}  about")
    for one in tried:
        about = one.mutation.about
        row = f"{one.mutation.name:14} {one.mutation.tier:8} {one.verdict:8} {one.seconds:7.0f}"
        print(f"{row}  {about}")
    red = sum(one.verdict == "red" for one in tried)
    print(f"\n{red} of {len(tried)} red.")


if __name__ == "__main__":
    sys.exit(main())
