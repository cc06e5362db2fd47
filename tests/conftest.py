"""What every test may ask for."""

from __future__ import annotations

import signal
import threading
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).resolve().parent.parent

# A shell starts what runs in its background with SIGINT ignored, and that is inherited: the
# commands that tests interrupt would never notice.
if threading.current_thread() is threading.main_thread():
    signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder of published vectors and recorded traffic beside the checkout."""
    folder = REPOSITORY.parent / "shared"
    if not folder.is_dir():
        pytest.skip("needs the folder `shared` beside the checkout")
    return folder


@pytest.fixture(scope="session")
def vectors() -> Path:
    """The language-neutral vectors."""
    return REPOSITORY / "tests" / "vectors"
