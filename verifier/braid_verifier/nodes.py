"""Each node on its own: its signature, its header, what it says, its time (SPEC §7.1)."""

from __future__ import annotations

from braid import strict_json
from braid.content import commitment
from braid.errors import Malformed
from braid.node import NEVER_ERASED, Header, Kind, read_header
from braid.signing import Purpose, check_signature_form, verifies
from braid.strict_json import Json
from braid.transcript import Opened, StoredNode
from braid_verifier.attrs import Attrs
from braid_verifier.findings import Check, Findings
from braid_verifier.signer import Signer


class Nodes:
    """Checks nodes one by one; beside counts it remembers only the latest time."""

    def __init__(self, findings: Findings, signer: Signer, attrs: Attrs) -> None:
        self._findings = findings
        self._attrs = attrs
        self._braid, self._key = signer.braid, signer.key
        certificate = signer.certificate
        self._not_before = certificate.not_before if certificate else ""
        self._not_after = certificate.not_after if certificate else "~"
        self._latest = ""
        self.erased = 0
        self.outside_validity = 0

    def open(self, index: int, node: StoredNode, signature: bytes) -> Header | None:
        """Check the signature, then read what it signed; None where either fails."""
        if self._key is None:
            return None
        try:
            check_signature_form(signature, "s")
        except Malformed as fault:
            self._findings.fail(Check.SIGNATURE, fault.code, str(fault), index, node.s)
            return None
        if not verifies(self._key, signature, Purpose.NODE, node.h.encode("utf-8")):
            message = "s: the signature does not fit the header"
            self._findings.fail(Check.SIGNATURE, "E_SIG", message, index, node.s)
            return None
        try:
            header = read_header(node.h)
        except Malformed as fault:
            self._findings.fail(Check.HEADER, fault.code, str(fault), index, node.s)
            return None
        if header.braid != self._braid:
            message = "braid: names another braid than the transcript"
            self._findings.fail(Check.BRAID, "E_BRAID", message, index, node.s)
        return header

    def check(self, index: int, node: StoredNode, header: Header) -> bool:
        """Check what a node says; False where that is erased or not what was signed."""
        s, kind, opened = node.s, header.kind, node.opened
        if opened is not None:
            intact = self._check_content(index, s, header, opened)
        else:
            intact = False
            self._attrs.skip()
            self._note_erasure(index, s, kind)
        time = header.time
        # The one form of a time sorts as the moments do.
        if not self._not_before <= time <= self._not_after:
            self.outside_validity += 1
            message = "time: not within the validity of the certificate"
            self._findings.fail(Check.CONTENT, "E_CERT_TIME", message, index, s)
        if time < self._latest:
            self._findings.warn("W_TIME", "time: before that of an earlier node", index, s)
        else:
            self._latest = time
        if node.bsalt is not None and kind is not Kind.CALL and kind is not Kind.END:
            message = f"bsalt: kind {kind} takes none"
            self._findings.fail(Check.READING, "E_JSON", message, index, s)
        if header.link:
            self._findings.note("N_LINK", "a link to another braid, not checked", index, s)
        return intact

    def _note_erasure(self, index: int, s: str, kind: Kind) -> None:
        self.erased += 1
        if kind in NEVER_ERASED:
            message = f"kind {kind} is never erased"
            self._findings.fail(Check.CONTENT, "E_ERASED", message, index, s)
        else:
            self._findings.note("N_ERASED", "the words were erased", index, s)

    def _check_content(self, index: int, s: str, header: Header, opened: Opened) -> bool:
        intact = commitment(opened.salt, opened.content, opened.attrs) == header.content
        if not intact:
            message = "content: salt, content and attrs are not those committed to"
            self._findings.fail(Check.CONTENT, "E_COMMIT", message, index, s)
        said: dict[str, Json] | None = None
        try:
            said = strict_json.read_object(opened.attrs, "attrs")
        except Malformed as fault:
            self._findings.fail(Check.CONTENT, "E_ATTRS", str(fault), index, s)
        self._attrs.add(index, s, header, said if intact else None)
        if header.media == "text/plain":
            try:
                opened.content.decode("utf-8")
            except UnicodeDecodeError as fault:
                message = f"content: text/plain, but invalid UTF-8 at byte {fault.start}"
                self._findings.fail(Check.CONTENT, "E_MEDIA", message, index, s)
        return intact
