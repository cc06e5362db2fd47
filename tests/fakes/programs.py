"""Programs that people use with models, run as they are: against a scripted provider, offline.

They are no part of the project. Tests that need one skip, and say so, where it is not on PATH.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

import pytest

KEY = "sk-none-of-its-own"
# What would send a program elsewhere, or tell it that it runs inside another.
_FOREIGN = ("_PROXY", "CODEX_", "CLAUDE", "ANTHROPIC_", "OPENAI_", "GEMINI_", "GOOGLE_")


@dataclass(frozen=True, slots=True)
class Program:
    """A program with a home and a working folder of its own."""

    path: str
    home: Path
    work: Path
    variables: dict[str, str]

    def run(self, *arguments: str) -> str:
        """Run it to its end; give what it said. It must succeed."""
        own = {name: value for name, value in os.environ.items() if not _is_foreign(name)}
        done = subprocess.run(
            [self.path, *arguments],
            check=False,
            env={**own, "HOME": str(self.home), **self.variables},
            cwd=self.work,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=240,
        )
        assert done.returncode == 0, done.stderr[-2000:]
        return done.stdout


def _is_foreign(name: str) -> bool:
    return any(part in name.upper() for part in _FOREIGN)


def _program(name: str, folder: Path, variables: dict[str, str]) -> Program:
    path = shutil.which(name)
    if path is None:
        pytest.skip(f"{name} is not on PATH")
    home, work = folder / "home", folder / "work"
    home.mkdir()
    work.mkdir()
    return Program(path, home, work, variables)


def codex(folder: Path, url: str, model: str, *, own: bool) -> Program:
    """Codex, whose provider is OpenAI as far as it knows (`own`), or another one."""
    program = _program("codex", folder, {"OPENAI_API_KEY": KEY})
    settings = program.home / ".codex"
    settings.mkdir()
    if own:
        (settings / "auth.json").write_text(
            json.dumps({"OPENAI_API_KEY": KEY, "auth_mode": "apikey"})
        )
        where = f'openai_base_url = "{url}/v1"'
    else:
        where = (
            'model_provider = "scripted"\n[model_providers.scripted]\nname = "Scripted"\n'
            f'base_url = "{url}/v1"\nenv_key = "OPENAI_API_KEY"\nwire_api = "responses"'
        )
    quiet = "[analytics]\nenabled = false\n"
    (settings / "config.toml").write_text(f'model = "{model}"\n{where}\n{quiet}')
    return program


def gemini(folder: Path, url: str) -> Program:
    variables = {
        "GEMINI_API_KEY": KEY,
        "GOOGLE_GEMINI_BASE_URL": url,
        "GEMINI_CLI_TRUST_WORKSPACE": "true",
    }
    program = _program("gemini", folder, variables)
    settings = program.home / ".gemini"
    settings.mkdir()
    chosen = {
        "security": {"auth": {"selectedType": "gemini-api-key"}},
        "privacy": {"usageStatisticsEnabled": False},
        "general": {"enableAutoUpdate": False},
    }
    (settings / "settings.json").write_text(json.dumps(chosen))
    return program


def claude(folder: Path, url: str) -> Program:
    variables = {
        "ANTHROPIC_API_KEY": KEY,
        "ANTHROPIC_BASE_URL": url,
        "CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC": "1",
        "DISABLE_AUTOUPDATER": "1",
    }
    return _program("claude", folder, variables)
