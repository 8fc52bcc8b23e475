"""Files to what was handed in as one, by the names that folders and files have."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, replace

from grader.core.types import Note
from grader.submission.intake import lms_names
from grader.submission.intake.file_tree import (
    File,
    FileTree,
    list_names,
    note,
    strip_archive_suffix,
)
from grader.submission.intake.lms_names import LmsKey, ParsedName
from grader.submission.intake.roster import UNKNOWN_ORIGIN, Layout, Origin

_Parts = tuple[str, ...]
_DEEPEST_WRAPPER = 4
_ENDINGS_OF_NAMED_FILES = (".ipynb.json", ".ipynb.txt", ".ipynb", ".json")


@dataclass(frozen=True, kw_only=True, slots=True)
class SubmissionGroup:
    """All files that were handed in as one.

    Its ``name`` becomes its id.
    """

    name: _Parts
    location: str
    files: tuple[File, ...]
    origin: Origin = UNKNOWN_ORIGIN
    one_student: bool = True
    """False for a folder of several notebooks that may just as well be several students'."""
    split_prefix: _Parts = ()
    """The beginning of those students' names."""


@dataclass(frozen=True, slots=True)
class _View:
    """The contents of one folder of a tree, by their names from there."""

    tree: FileTree
    prefix: _Parts
    files: tuple[File, ...]
    folders: frozenset[_Parts]

    def shown(self, parts: _Parts) -> str:
        return self.tree.location((*self.prefix, *parts))

    def below(self, name: str) -> _View:
        files = tuple(replace(f, parts=f.parts[1:]) for f in self.files if _is_in(f.parts, name))
        folders = frozenset(f[1:] for f in self.folders if _is_in(f, name))
        return _View(self.tree, (*self.prefix, name), files, folders)

    def only(self, tops: Collection[str]) -> _View:
        files = tuple(f for f in self.files if f.parts[0] in tops)
        folders = frozenset(f for f in self.folders if f[0] in tops)
        return _View(self.tree, self.prefix, files, folders)

    def by_top(self) -> dict[str, list[File]]:
        """Return the files by what lies directly in it."""
        found: dict[str, list[File]] = {}
        for file in self.files:
            found.setdefault(file.parts[0], []).append(file)
        return found

    @property
    def tops(self) -> list[str]:
        """The names that lie directly in it."""
        return sorted({parts[0] for parts in (*self.folders, *(f.parts for f in self.files))})


def _is_in(parts: _Parts, folder: str) -> bool:
    return len(parts) > 1 and parts[0] == folder


def group_files(
    tree: FileTree, layout: Layout | None, alone: bool
) -> tuple[list[SubmissionGroup], list[Note]]:
    """Group the files of a folder or an archive; ``layout`` None finds out which it is.

    ``alone`` says that nothing else was given beside it.
    """
    view = _View(tree, (), tree.files, tree.folders)
    if (
        layout != "plain"
        and (found := _group_wrapped_download(view, layout, several=True)) is not None
    ):
        return found
    return _group_plain(_unwrapped(view), alone)


def _group_wrapped_download(
    view: _View, layout: Layout | None, several: bool = False
) -> tuple[list[SubmissionGroup], list[Note]] | None:
    """Group a platform's download in any wrapper, or ``several`` of them."""
    for _ in range(_DEEPEST_WRAPPER):
        if (found := _group_download(view, layout)) is not None:
            return found
        if len(view.tops) != 1 or not any(_is_in(f.parts, view.tops[0]) for f in view.files):
            break
        view = view.below(view.tops[0])
    return _group_several_downloads(view, layout) if several else None


def _group_download(
    view: _View, layout: Layout | None
) -> tuple[list[SubmissionGroup], list[Note]] | None:
    """Group a platform's download; return None when it looks like none."""
    tops = view.tops
    if layout in (None, "nbgrader"):
        if "submitted" in tops and _is_submitted(inner := view.below("submitted")):
            return _group_nbgrader(inner)
        named_so = (view.prefix or (view.tree.root.resolve().name,))[-1] == "submitted"
        if (named_so or layout) and _is_submitted(view):
            return _group_nbgrader(view)
    if layout in (None, "moodle") and any(lms_names.parse_moodle(top) for top in tops):
        return _group_by_name(view, lms_names.parse_moodle)
    names = sorted({f.parts[0] for f in view.files})
    if layout == "canvas" or (layout is None and lms_names.is_canvas_download(names)):
        return _group_by_name(view, lms_names.parse_canvas)
    return None


def _is_submitted(view: _View) -> bool:
    return any(len(file.parts) > 2 and file.is_notebook for file in view.files)


def _group_nbgrader(view: _View) -> tuple[list[SubmissionGroup], list[Note]]:
    groups, of_student = [], view.by_top()
    for student in view.tops:
        files = tuple(f for f in of_student.get(student, ()) if _is_in(f.parts, student))
        if files or (student,) in view.folders:
            origin = lms_names.parse_nbgrader(student, _timestamp(files)).origin
            groups.append(
                SubmissionGroup(
                    name=(student,), location=view.shown((student,)), files=files, origin=origin
                )
            )
    return groups, []


def _timestamp(files: Iterable[File]) -> str:
    """Return nbgrader's time of handing these in; "" where there is none, or several."""
    noted = [file.path for file in files if file.parts[-1] == "timestamp.txt" and file.path]
    if len(noted) != 1:  # of several assignments
        return ""
    try:
        with noted[0].open("rb") as file:
            return file.read(100).decode()
    except (OSError, UnicodeDecodeError):
        return ""


def _group_by_name(
    view: _View, read: Callable[[str], ParsedName | None]
) -> tuple[list[SubmissionGroup], list[Note]] | None:
    """Files whose first part says whose they are; the others as in any folder."""
    named: dict[LmsKey, list[tuple[ParsedName, str]]] = {}
    rest = []
    for top in view.tops:
        if (one := read(top)) is None:
            rest.append(top)
        else:
            named.setdefault(one.key, []).append((one, top))
    if not named:
        return None
    files = view.by_top()
    return _with_others(
        [_group_of_student(view, files, of_one) for of_one in named.values()], view, rest
    )


def _with_others(
    groups: list[SubmissionGroup], view: _View, tops: list[str]
) -> tuple[list[SubmissionGroup], list[Note]]:
    """Return ``groups``, and what lies beside a download, in ``tops``, as in any folder."""
    others = view.only(tops)
    if not others.files:
        return groups, []
    said = note("others", path=view.shown(()), files=list_names(tops))
    if not any(file.is_notebook for file in others.files):
        return groups, [said]
    more, notes = _group_plain(others, alone=True)
    return groups + more, [*notes, said]


def _group_several_downloads(
    view: _View, layout: Layout | None
) -> tuple[list[SubmissionGroup], list[Note]] | None:
    """Group a folder of a platform's downloads; return None when none looks like one.

    Of Canvas's names alone a single student's are not believed here: the folder may be that
    student's.
    """
    groups: list[SubmissionGroup] = []
    notes: list[Note] = []
    rest = []
    for top in view.tops:
        found = None
        if any(_is_in(file.parts, top) for file in view.files):
            found = _group_wrapped_download(view.below(top), layout)
        own, said = found or ([], [])
        if len(own) > 1 or any(group.origin.layout == "moodle" for group in own):
            groups, notes = [*groups, *own], [*notes, *said]
        else:
            rest.append(top)
    if not groups:
        return None
    all_units, more = _with_others(groups, view, rest)
    return all_units, [*notes, *more]


def _group_of_student(
    view: _View, of_top: Mapping[str, list[File]], of_one: Iterable[tuple[ParsedName, str]]
) -> SubmissionGroup:
    """One student's files; of several folders the one that holds files gives its name."""
    ordered = sorted(of_one, key=lambda pair: (pair[0].order, pair[1]))
    files = []
    for named, top in ordered:
        for file in of_top.get(top, ()):
            own = (named.file or top) if len(file.parts) == 1 else None
            time = float(named.order) if named.origin.layout == "canvas" else file.time
            files.append(replace(file, parts=(own,) if own else file.parts, time=time))
    newest, top = ordered[-1]
    origin = newest.origin
    who = origin.name or ("anon" if origin.layout == "canvas" else "participant")
    shown = view.shown((top,))
    return SubmissionGroup(
        name=(f"{who}_{origin.lms_id}",), location=shown, files=tuple(files), origin=origin
    )


def _unwrapped(view: _View) -> _View:
    """Return an archive without the folders that hold nothing but one folder with everything."""
    while view.tree.packed and len(tops := view.tops) == 1:
        inner = view.below(tops[0])
        if sum(file.is_notebook for file in inner.files) < 2:
            break
        view = inner
    return view


def _group_plain(view: _View, alone: bool) -> tuple[list[SubmissionGroup], list[Note]]:
    """Group a folder of notebooks, or of folders.

    A notebook is called after the highest folder that holds it alone, or that holds it
    directly beside others; after the root where that holds it alone and others were given.
    """
    notebooks = [file for file in view.files if file.is_notebook]
    holds: dict[_Parts, int] = {}
    for file in notebooks:
        for end in range(len(file.parts)):
            holds[file.parts[:end]] = holds.get(file.parts[:end], 0) + 1
    notes, groups = [], []
    if not notebooks:
        notes.append(note("nothing", path=view.shown(())))
    direct = {file.parts[:-1] for file in notebooks}
    of_top = view.by_top()
    if notebooks and not alone and (len(notebooks) == 1 or direct == {()}):
        name = strip_archive_suffix(view.tree.root.resolve().name)
        sure = len(notebooks) == 1
        shown = view.shown(notebooks[0].parts if sure else ())
        return [
            SubmissionGroup(name=(name,), location=shown, files=view.files, one_student=sure)
        ], notes
    of_folder: dict[_Parts, None] = {}
    for file in notebooks:
        ancestors = [file.parts[:end] for end in range(1, len(file.parts))]
        owner = next((f for f in ancestors if holds[f] == 1 or f in direct), None)
        if owner is not None:
            of_folder[owner] = None
        else:
            name = strip_notebook_suffix(file.name)
            groups.append(
                SubmissionGroup(name=(name,), location=view.shown(file.parts), files=(file,))
            )
    without = [
        (top,)
        for top in view.tops
        if (top,) not in holds and ((top,) in view.folders or _is_folder(of_top.get(top, ())))
    ]
    if groups or not of_folder:  # notebooks lie beside these folders: they are nobody's
        notes += [_without_notebook(view, folder) for folder in without]
    else:
        of_folder |= dict.fromkeys(without)
    for folder in sorted(of_folder):
        end = len(folder)
        files = tuple(file for file in of_top.get(folder[0], ()) if file.parts[:end] == folder)
        groups.append(
            SubmissionGroup(
                name=(*folder[:-1], strip_archive_suffix(folder[-1])),
                location=view.shown(folder),
                files=files,
                one_student=holds.get(folder, 0) < 2,
                split_prefix=folder,
            )
        )
    return groups, notes


def _is_folder(files: Iterable[File]) -> bool:
    """Return True if these lie in a folder, or stand for one: an archive left packed."""
    return any(len(file.parts) > 1 or file.note is not None for file in files)


def _without_notebook(view: _View, folder: _Parts) -> Note:
    """Return a note on a folder that holds no notebook, and what it holds instead."""
    names = sorted({f.parts[1] for f in view.files if _is_in(f.parts, folder[0])})
    if not names:
        return note("empty_folder", path=view.shown(folder))
    return note("no_notebook", path=view.shown(folder), files=list_names(names))


def strip_notebook_suffix(name: str) -> str:
    """Return a notebook's name without what it ends in."""
    for ending in _ENDINGS_OF_NAMED_FILES:
        if name.lower().endswith(ending) and len(name) > len(ending):
            return name[: -len(ending)]
    return name
