# right, first
from pathlib import Path

from ipykernel.connect import get_connection_file

try:
    file = Path(get_connection_file())
    own = [file, *file.parent.glob("kernel-*"), *file.parent.glob("*.ipc-*")]
except Exception as error:
    own = []
    done(f"no connection file: {type(error).__name__}")
for path in own:
    if path.is_file() or path.is_socket():
        path.unlink(missing_ok=True)
        done("deleted its own connection file or socket")
