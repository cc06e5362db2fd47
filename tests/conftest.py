"""What every test may ask for."""

from __future__ import annotations

import signal
import threading
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

REPOSITORY = Path(__file__).resolve().parent.parent

# A shell starts what runs in its background with SIGINT ignored, and that is inherited: the
# commands that tests interrupt would never notice.
if threading.current_thread() is threading.main_thread():
    signal.signal(signal.SIGINT, signal.default_int_handler)


# No test fails because a machine is slow.
settings.register_profile("braid", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("braid")


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
