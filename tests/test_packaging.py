"""What a user installs: four packages, a verifier that stays offline, extras that say what they are."""

from __future__ import annotations

import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
PACKAGES = {"braid", "braid_verifier", "braid_server", "braid_clients"}
DATA = {
    "braid/SPEC.md",
    "braid/py.typed",
    "braid_verifier/py.typed",
    "braid_verifier/report.schema.json",
    "braid_verifier/js/braid-verifier.mjs",
    "braid_verifier/js/braid-verify.mjs",
    "braid_verifier/js/package.json",
    "braid_verifier/js/verify.html",
    "braid_server/py.typed",
    "braid_server/store/migrations/versions/m0001_first.py",
    "braid_clients/py.typed",
}
# What a verifier must not need: network, databases, processes, the command line.
FORBIDDEN = {
    "asyncio", "socket", "ssl", "http", "urllib.request", "sqlite3", "sqlalchemy", "httpx",
    "httpx2", "aiohttp", "uvicorn", "fastapi", "starlette", "click", "rich", "subprocess",
    "braid_server", "braid_clients",
}  # fmt: skip


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)],
        cwd=ROOT,
        check=True,
        capture_output=True,
    )
    (built,) = folder.glob("*.whl")
    return built


def test_a_wheel_has_exactly_the_four_packages_and_their_data(wheel: Path) -> None:
    names = zipfile.ZipFile(wheel).namelist()
    top = {name.split("/")[0] for name in names if not name.split("/")[0].endswith(".dist-info")}
    assert top == PACKAGES
    assert set(names) >= DATA


def loaded_by(statement: str) -> set[str]:
    program = f"{statement}\nimport sys\nprint('\\n'.join(sys.modules))"
    run = subprocess.run(
        [sys.executable, "-I", "-c", program], check=True, capture_output=True, text=True
    )
    return set(run.stdout.split())


@pytest.mark.parametrize("package", ["braid", "braid_verifier"])
def test_format_and_verifier_load_nothing_that_talks_to_the_outside(package: str) -> None:
    assert not loaded_by(f"import {package}") & FORBIDDEN


def test_the_command_line_loads_a_subcommand_only_when_it_is_called() -> None:
    assert not loaded_by("import braid_clients.cli") & {"braid_server", "sqlalchemy", "httpx"}


@pytest.mark.parametrize("command", ["verify", "keys", "redact", "import_"])
def test_what_needs_no_server_loads_none_of_its_libraries(command: str) -> None:
    loaded = loaded_by(f"import braid_clients.cli.{command}")
    assert not loaded & {"sqlalchemy", "alembic", "aiohttp", "fastapi", "uvicorn", "httpx"}


def test_the_development_list_is_pinned_hashed_and_names_no_index() -> None:
    text = (ROOT / "requirements-dev.txt").read_text()
    assert "--index-url" not in text and "--find-links" not in text and "://" not in text
    requirements = [line for line in text.splitlines() if line and line[0].isalnum()]
    assert requirements
    assert all("==" in line and line.endswith("\\") for line in requirements)
