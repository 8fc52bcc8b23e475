#!/usr/bin/env bash
# Installs the grader, once, when the platform makes its image: Python @python@, and the versions
# in constraints.txt, the same as on the machine that made this bundle.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
# Not below /root: a student's notebook runs as another user, who must reach this Python.
home=${GRADER_HOME:-/opt/grader}
version=@python@

find_python() {
    local candidate
    for candidate in "python$version" python3; do
        if "$candidate" - "$version" 2>/dev/null <<'END'; then echo "$candidate"; return; fi
import ensurepip, sys, venv
sys.exit("%d.%d" % sys.version_info[:2] != sys.argv[1])
END
    done
}

python=$(find_python)
if [ -z "$python" ] && command -v apt-get >/dev/null; then
    export DEBIAN_FRONTEND=noninteractive
    apt-get update -qq
    apt-get install -y -qq --no-install-recommends ca-certificates python3 python3-venv
    apt-get install -y -qq --no-install-recommends "python$version-venv" || true
    python=$(find_python)
fi
if [ -z "$python" ]; then # the system has another version: uv brings this one
    python3 -m venv "$home/uv"
    "$home/uv/bin/pip" install --quiet uv
    export UV_PYTHON_INSTALL_DIR=$home/python
    "$home/uv/bin/uv" python install "$version"
    python=$("$home/uv/bin/uv" python find --managed-python "$version")
fi

"$python" -m venv "$home/venv"
"$home/venv/bin/pip" install --no-cache-dir --compile -c "$here/constraints.txt" "$here"/grader-*.whl
chmod -R go+rX "$home"
# Says which box there is. It may be another one where submissions are graded.
"$home/venv/bin/grader" doctor || true
