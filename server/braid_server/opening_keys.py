"""The keys of a store that is opened: read, made on first use, and laid beside what was signed."""

from __future__ import annotations

import logging
from pathlib import Path

import msgspec

from braid.certificate import Certificate, read_certificate_header
from braid.errors import Malformed
from braid.revocation import Subject
from braid.rotation import check_rotation
from braid.signing import SecretKey
from braid_server.keyfiles import ROOT_LABEL, WRAPPING_LABEL, KeyFileUnusable, load_or_create
from braid_server.keyring import Keyring
from braid_server.revoking import Revoked
from braid_server.rotating import load_rotations, read_rotations
from braid_server.store import Store

_log = logging.getLogger("braid.service")


def open_keys(store: Store, root_key: Path, wrapping_key: Path, issuer: str) -> Keyring:
    """Read the keys. They are made on first use, which is over once the store holds a braid.

    A key made in the place of a lost one would go unnoticed: what it signs verifies too. Raises
    KeyFileUnusable.
    """
    signed_under = _newest_root(store)
    if signed_under is not None:
        if not root_key.exists():
            raise KeyFileUnusable(
                f"root key {root_key} is not there, and this store was signed under "
                f"{signed_under}; name its file with --root-key"
            )
        if not wrapping_key.exists():
            raise KeyFileUnusable(
                f"wrapping key {wrapping_key} is not there, and the keys of this store "
                "were wrapped under one; name its file with --wrapping-key"
            )
    root = SecretKey(load_or_create(root_key, ROOT_LABEL))
    wrapping = load_or_create(wrapping_key, WRAPPING_LABEL)
    rotations = load_rotations(root_key, root.text)
    revoked = Revoked(root_key, read_rotations(root_key).proofs)
    keyring = Keyring(root, wrapping, issuer, rotations=rotations, revoked=revoked)
    if revoked.holds(root.text, Subject.ROOT):
        _log.warning("event=root_revoked root=%s", root.text)
    handed_over = [check_rotation(each).old for each in rotations]
    if signed_under not in (None, keyring.root, *handed_over):
        _log.warning(
            "event=root_differs file=%s root=%s newest_braid_root=%s",
            root_key,
            keyring.root,
            signed_under,
        )
    return keyring


def _newest_root(store: Store) -> str | None:
    """Give the root that the newest braid's certificate names, None while there is no braid."""
    with store.read() as reading:
        newest = reading.summaries(tenant=None, prefix="", before=None, limit=1)
        row = reading.braid(newest[0].number) if newest else None
    if row is None:
        return None
    try:
        certificate = msgspec.json.decode(row.certificate, type=Certificate)
        return read_certificate_header(certificate.h).root
    except (msgspec.MsgspecError, UnicodeDecodeError, Malformed):
        return "a root that cannot be read"
