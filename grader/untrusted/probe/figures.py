"""Bitmaps that the notebook saved into its folder."""

import base64
import os


def read_figures(namespace, request):
    """Return names, times and bytes of saved bitmaps, within the limits of a reply.

    Of other pictures only the times are returned: vector graphics, which no report shows, and
    bitmaps that are too large or too many.
    """
    found, others, total = [], [], 0
    for folder, folders, files in os.walk("."):
        folders[:] = [f for f in sorted(folders) if not f.startswith(".")][:20]
        for name in sorted(files)[:200]:
            kind = {".png": "image/png", ".jpg": "image/jpeg", ".jpeg": "image/jpeg"}.get(
                os.path.splitext(name)[1].lower()
            )
            path = os.path.join(folder, name)
            is_vector = name.lower().endswith((".pdf", ".svg", ".eps", ".ps"))
            if not (kind or is_vector) or not os.path.isfile(path) or os.path.islink(path):
                continue
            size = os.path.getsize(path)
            if size == 0:
                continue
            if is_vector or total + size > request["max_bytes"] or len(found) >= 20:
                if len(others) < 20:
                    others.append(os.path.getmtime(path))
                continue
            with open(path, "rb") as file:
                data = file.read(request["max_bytes"])
            total += len(data)
            found.append(
                {
                    "name": os.path.relpath(path, ".")[:200],
                    "mime": kind,
                    "modified": os.path.getmtime(path),
                    "data": base64.b64encode(data).decode(),
                }
            )
    return {"figures": found, "others": others}
