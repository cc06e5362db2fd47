"""Where a user's files are, by the XDG rules; nothing here touches the disk but `own_folder`."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from braid.errors import BraidError

TRUSTED_ROOTS = "trusted-roots"
TRUSTED_LOGS = "trusted-logs"
TRUSTED_WITNESSES = "trusted-witnesses"


class NoHome(BraidError):
    """There is no place to keep a user's files."""


def config_folder(environment: Mapping[str, str]) -> Path:
    """Give the folder of the trust file, `$XDG_CONFIG_HOME/braid`; raises NoHome."""
    return _base(environment, "XDG_CONFIG_HOME", ".config") / "braid"


def data_folder(environment: Mapping[str, str]) -> Path:
    """Give the folder of keys and store, `$XDG_DATA_HOME/braid`; raises NoHome."""
    return _base(environment, "XDG_DATA_HOME", ".local/share") / "braid"


def trust_file(environment: Mapping[str, str]) -> Path:
    """Give the file that lists the roots a user trusts; raises NoHome."""
    return config_folder(environment) / TRUSTED_ROOTS


def statements_file(environment: Mapping[str, str]) -> Path:
    """Give the file of what roots said of each other and of keys; raises NoHome."""
    return config_folder(environment) / "statements"


def trusted_logs_file(environment: Mapping[str, str]) -> Path:
    """Give the file that lists the transparency logs a user trusts; raises NoHome."""
    return config_folder(environment) / TRUSTED_LOGS


def logs_of_runs_file(environment: Mapping[str, str]) -> Path:
    """Give the file that lists the logs of this machine's own runs, which it keeps; raises NoHome."""
    return config_folder(environment) / "logs-of-runs"


def trusted_witnesses_file(environment: Mapping[str, str]) -> Path:
    """Give the file that lists the witnesses of logs a user trusts; raises NoHome."""
    return config_folder(environment) / TRUSTED_WITNESSES


def store_file(environment: Mapping[str, str]) -> Path:
    """Give the file of the user's own store; raises NoHome."""
    return data_folder(environment) / "braid.db"


def root_key_file(environment: Mapping[str, str]) -> Path:
    """Give the file of the root key: as BRAID_ROOT_KEY says, or the user's own; raises NoHome."""
    return _chosen(environment, "BRAID_ROOT_KEY") or data_folder(environment) / "root.key"


def wrapping_key_file(environment: Mapping[str, str]) -> Path:
    """Give the file of the wrapping key: as BRAID_WRAPPING_KEY says, or the user's own."""
    return _chosen(environment, "BRAID_WRAPPING_KEY") or data_folder(environment) / "wrapping.key"


def log_key_file(environment: Mapping[str, str]) -> Path | None:
    """Give the file of the log's key as BRAID_LOG_KEY says, None for the one beside the store."""
    return _chosen(environment, "BRAID_LOG_KEY")


def witness_folder(environment: Mapping[str, str]) -> Path:
    """Give the folder of what a witness remembers; raises NoHome."""
    return data_folder(environment) / "witness"


def witness_key_file(environment: Mapping[str, str]) -> Path:
    """Give the file of the witness key: as BRAID_WITNESS_KEY says, or the user's own; raises NoHome."""
    return _chosen(environment, "BRAID_WITNESS_KEY") or data_folder(environment) / "witness.key"


def shown(path: Path, environment: Mapping[str, str]) -> str:
    """Give a path as a person would write it, `~` for their home."""
    home = environment.get("HOME")
    if home and Path(home) != Path("/") and path.is_relative_to(home):
        return str(Path("~") / path.relative_to(home))
    return str(path)


def own_folder(folder: Path) -> Path:
    """Make a folder that only its owner may enter; raises OSError."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    return folder


def _chosen(environment: Mapping[str, str], name: str) -> Path | None:
    return Path(environment[name]) if environment.get(name) else None


def _base(environment: Mapping[str, str], name: str, below_home: str) -> Path:
    # A relative path is to be ignored, says the XDG base directory specification.
    chosen = Path(environment.get(name, ""))
    if chosen.is_absolute():
        return chosen
    try:
        home = Path(environment.get("HOME") or Path.home())
    except RuntimeError as fault:
        raise NoHome(f"neither {name} nor HOME is set") from fault
    return home / below_home
