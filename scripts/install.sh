#!/usr/bin/env bash
# Create .venv with everything needed to work here.  Needs a Python and a package index, nothing else.
# Usage: install.sh [PYTHON]
set -euo pipefail
cd "$(dirname "$0")/.."

say() { printf 'install: %s\n' "$*"; }
fits() { "$1" -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))' 2>/dev/null; }

# Run, do not look: the python3.12 of a version switcher may be there and refuse to start.
find_python() {
    local candidate
    for candidate in python3 python3.13 python3.12 python3.11; do
        if fits "$candidate"; then
            echo "$candidate"
            return
        fi
    done
    echo "install: no Python 3.11, 3.12 or 3.13 found; install one, or name it: make PYTHON=... install" >&2
    return 1
}

python=${1:-$(find_python)}
if ! fits "$python"; then
    version=$("$python" --version 2>/dev/null) || version="nothing that starts"
    echo "install: $python is $version; Python 3.11, 3.12 or 3.13 is needed" >&2
    exit 1
fi

say "making .venv with $("$python" --version)"
if ! "$python" -m venv --clear .venv; then
    echo "install: $python cannot make a venv; on Debian and Ubuntu install its -venv package" >&2
    exit 1
fi

say "installing some 180 packages at the versions of constraints.txt (one to three minutes)"
# Into the .venv that was made, whatever environment this shell is in.
unset VIRTUAL_ENV CONDA_PREFIX
wanted=(-c constraints.txt -e '.[dev,demo]')
pip=(.venv/bin/python -m pip --disable-pip-version-check)
# uv takes a quarter of the time, but does not read pip's configuration: where that matters, pip.
if ! { "${pip[@]}" install --quiet -c constraints.txt uv \
    && .venv/bin/uv pip install --quiet --python .venv/bin/python --compile-bytecode "${wanted[@]}"; }; then
    say "uv could not; pip does it, which takes a few minutes longer"
    "${pip[@]}" install --quiet "${wanted[@]}"
fi
touch .venv/installed
say "done; .venv/bin/lineage-plugin is there"
