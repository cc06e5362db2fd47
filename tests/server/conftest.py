"""Where tests of the server keep their stores."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from fakes.desk import MEMORY


@pytest.fixture
def folder() -> Iterator[Path]:
    """A folder in memory where there is such a place: few tests are about a disk, and it is slow."""
    with tempfile.TemporaryDirectory(dir=MEMORY) as name:
        yield Path(name)
