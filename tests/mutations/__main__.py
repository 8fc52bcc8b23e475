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
    ROOT,
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
  BROKEN   pytest ended in another way, as by an error while it collected tests

The same tests run once without any patch before: where they are red already, or can't be found,
nothing is tried. Each mutation takes from a few seconds to a minute, all of them some minutes.
"""
_ENDS = """\
Exit status: 0 every mutation was red; 1 one was alive or skipped; 2 wrong usage, a patch that does
not apply, tests that are red without it, or BROKEN.

  python -m tests.mutations
  python -m tests.mutations seed-1 lock-2
  python -m tests.mutations --all
  python -m tests.mutations --whole --all     hours: a whole tier for each
"""
_PASSED, _FAILED = 0, 1  # pytest's status where tests ran; others are no verdict


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
        _fit(chosen)
        _green_without(chosen, whole=options.whole)
        tried = [_try(mutation, whole=options.whole) for mutation in chosen]
    except Unusable as problem:
        print(problem, file=sys.stderr)
        return 2
    _show(tried)
    verdicts = {one.verdict for one in tried}
    return 2 if "BROKEN" in verdicts else int(verdicts != {"red"})


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
        "but for tests/mutations/test_mutations.py, which sees every patch since it is applied",
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


def _fit(chosen: Sequence[Mutation]) -> None:
    """Raises ``Unusable`` where a patch does not apply."""
    for one in chosen:
        if problem := apply(one.file, ROOT, "--check"):
            raise Unusable(f"{one.name} does not apply: {problem}")


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
    """What the tests say where ``mutation`` is applied."""
    began = time.monotonic()
    with private_copy() as copy:
        if problem := apply(mutation.file, copy):
            raise Unusable(f"{mutation.name} does not apply: {problem}")
        done = run_tests(copy, arguments_for(mutation.red, mutation.tier, whole=whole))
    alive = "ALIVE" if re.search(r"\d+ passed", done.stdout) else "SKIPPED"
    verdict = {_PASSED: alive, _FAILED: "red"}.get(done.returncode, "BROKEN")
    tried = Tried(mutation, verdict, time.monotonic() - began)
    print(f"{mutation.name}: {verdict} ({tried.seconds:.0f} s)", flush=True)
    for line in re.findall(r"^(?:FAILED|ERROR) .*$", done.stdout, re.MULTILINE):
        print(f"  {line[:160]}")
    if verdict == "BROKEN":
        print(done.stdout[-6000:])
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
