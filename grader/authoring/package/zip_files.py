"""Files as one zip, the same bytes for the same files."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Mapping

_WHEN = (1980, 1, 1, 0, 0, 0)  # of every file


def zip_files(files: Mapping[str, bytes], *, scripts: bool = False) -> bytes:
    """Return the files as one zip, in their order; with ``scripts`` these can be started."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for path, data in files.items():
            info = zipfile.ZipInfo(path, _WHEN)
            mode = 0o755 if scripts and data.startswith(b"#!") else 0o644
            info.compress_type, info.external_attr = zipfile.ZIP_DEFLATED, mode << 16
            archive.writestr(info, data)
    return file.getvalue()
