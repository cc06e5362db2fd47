"""The keys of the service: the root, the keys of open braids, and the key that wraps them."""

from __future__ import annotations

import hashlib
import hmac
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import msgspec
import nacl.bindings
import nacl.exceptions

from braid.certificate import NONCE_BYTES, Certificate, CertificateHeader, Policy, issue
from braid.encoding import encode, write_time
from braid.errors import BraidError
from braid.rotation import chain_of, check_rotation
from braid.signing import KEY_BYTES, SecretKey
from braid.strict_json import Json
from braid_server.revoking import Revoked

VALIDITY = timedelta(days=366)
_NONCE_BYTES = nacl.bindings.crypto_aead_xchacha20poly1305_ietf_NPUBBYTES


class KeyUnavailable(BraidError):
    """A braid's key cannot be unwrapped: it was destroyed, or the wrapping key is another."""


@dataclass(frozen=True, slots=True)
class NewBraidKey:
    """A fresh braid key, its certificate, and the key as it may lie in the store.

    `rotations` are those that lead to its root, as a JSON list, None for none (SPEC §9.3).
    """

    key: SecretKey
    certificate: Certificate
    header: CertificateHeader
    wrapped: bytes
    rotations: str | None


def certified_key(
    root: SecretKey, now: datetime, *, issuer: str = "", policy: Policy = Policy.REQUIRED
) -> tuple[SecretKey, Certificate, CertificateHeader]:
    """Make a fresh braid key, and have the root certify it from `now` on."""
    drawn = secrets.token_bytes(KEY_BYTES + NONCE_BYTES)
    key = SecretKey(drawn[:KEY_BYTES])
    header = CertificateHeader(
        root=root.text,
        braid=key.text,
        issuer=issuer,
        policy=policy,
        nonce=encode(drawn[KEY_BYTES:]),
        not_before=write_time(now),
        not_after=write_time(now + VALIDITY),
    )
    return key, issue(root, key, header), header


class Keyring:
    """Certifies and wraps braid keys; derives the keys under which a tenant's words are matched."""

    def __init__(
        self,
        root: SecretKey,
        wrapping_key: bytes,
        issuer: str = "",
        policy: Policy = Policy.REQUIRED,
        rotations: Sequence[dict[str, Json]] = (),
        revoked: Revoked | None = None,
    ) -> None:
        self._rotations = msgspec.json.encode(rotations).decode("ascii") if rotations else None
        self._chain = chain_of(map(check_rotation, rotations))
        self.revoked = revoked or Revoked(None, rotations)
        self._root = root
        self._wrapping_key = wrapping_key
        self._issuer = issuer
        self._policy = policy

    @property
    def root(self) -> str:
        """The root's public key in its text form."""
        return encode(self._root.key)

    @property
    def no_key(self) -> SecretKey:
        """Give a key that certifies nothing, for reading a braid whose own key is gone."""
        return SecretKey(secrets.token_bytes(32))

    @property
    def signer(self) -> SecretKey:
        """The root key itself, for what it signs beside certificates."""
        return self._root

    def chain_from(self, root: str) -> tuple[bool, str | None]:
        """Tell whether this root is, or is an heir of, another; with the rotations that say so."""
        if root == self.root:
            return True, None
        return (True, self._rotations) if root in self._chain else (False, None)

    def new_braid(self, tenant: str, now: datetime) -> NewBraidKey:
        """Make a key for a new braid of the tenant and certify it from `now` on."""
        key, certificate, header = certified_key(
            self._root, now, issuer=self._issuer, policy=self._policy
        )
        wrapped = self._wrap(tenant, header.braid, key)
        return NewBraidKey(key, certificate, header, wrapped, self._rotations)

    def _wrap(self, tenant: str, braid: str, key: SecretKey) -> bytes:
        nonce = secrets.token_bytes(_NONCE_BYTES)
        sealed = nacl.bindings.crypto_aead_xchacha20poly1305_ietf_encrypt(
            key.seed, _bound_to(tenant, braid), nonce, self._wrapping_key
        )
        return nonce + sealed

    def unwrap(self, tenant: str, braid: str, wrapped: bytes | None) -> SecretKey:
        """Give back a braid's key; raises KeyUnavailable."""
        if wrapped is None:
            raise KeyUnavailable(f"braid {braid}: its key was destroyed when it was sealed")
        try:
            seed = nacl.bindings.crypto_aead_xchacha20poly1305_ietf_decrypt(
                wrapped[_NONCE_BYTES:],
                _bound_to(tenant, braid),
                wrapped[:_NONCE_BYTES],
                self._wrapping_key,
            )
        except (nacl.exceptions.CryptoError, ValueError) as fault:
            raise KeyUnavailable(
                f"braid {braid}: its key does not open under this wrapping key"
            ) from fault
        return SecretKey(seed)

    def match_key(self, tenant: str) -> bytes:
        """Derive the key for the tenant's match values, so that the store alone matches nothing."""
        purpose = b"braid/1 match\n" + tenant.encode("utf-8")
        return hmac.digest(self._wrapping_key, purpose, hashlib.sha256)


def _bound_to(tenant: str, braid: str) -> bytes:
    return f"braid/1 wrapped key\n{tenant}\n{braid}".encode()
