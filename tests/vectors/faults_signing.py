"""Vectors of §2.2–2.4 and §9: signatures, keys and certificates."""

from __future__ import annotations

import hashlib

from vectors import curve
from vectors.conversations import END, PROMPT, TEXT, short
from vectors.formulas import encode, pae
from vectors.table import failed
from vectors.weaver import Braid, File, Key


class OddKey:
    """A key whose holder knows `scalar`, with a torsion part added and perhaps odd bytes."""

    def __init__(self, name: str, *, torsion: int = 0, scalar: int | None = None) -> None:
        seed = hashlib.sha512(name.encode()).digest()
        self.scalar = int.from_bytes(seed, "little") % curve.L if scalar is None else scalar
        honest = curve.times(self.scalar, curve.BASE)
        self.point = curve.add(honest, curve.times(torsion, curve.TORSION))
        self.public = curve.encode(self.point)

    def sign(self, message: bytes) -> bytes:
        return curve.sign(self.scalar, self.public, message)


class SpelledKey(OddKey):
    """The identity, spelled with a y coordinate that is not below the field prime."""

    def __init__(self) -> None:
        super().__init__("identity", scalar=0)
        self.public = (curve.P + 1).to_bytes(32, "little")


# --- class 5: signatures


@failed("§2.2", "One bit of a signature's R is flipped.", ("E_SIG", TEXT))
def signature_bit_flipped(b: Braid) -> None:
    b["text"].resign = lambda _, signature: bytes([signature[0] ^ 1]) + signature[1:]


@failed("§2.2", "One bit of a signature's S is flipped.", ("E_SIG", TEXT))
def signature_bit_flipped_in_s(b: Braid) -> None:
    b["text"].resign = lambda _, signature: (
        signature[:32] + bytes([signature[32] ^ 1]) + signature[33:]
    )


@failed("§2.2", "One digit of a header was changed.", ("E_SIG", TEXT))
def header_changed(b: Braid) -> File:
    file = b.sign()
    file.nodes[TEXT]["h"] = file.nodes[TEXT]["h"].replace('"provider"', '"client"')
    return file


@failed(
    "§2.2",
    "A header spelled otherwise than it was signed is checked as it stands.",
    ("E_SIG", TEXT),
)
def header_respelled(b: Braid) -> File:
    file = b.sign()
    file.nodes[TEXT]["h"] = file.nodes[TEXT]["h"].replace('","', '", "')
    return file


@failed(
    "§2.2", "A header that is not JSON has no valid signature: it is not parsed.", ("E_SIG", TEXT)
)
def header_garbage(b: Braid) -> File:
    file = b.sign()
    file.nodes[TEXT]["h"] = "[" * 1000
    return file


@failed("§2.2", "A header that is not even ASCII.", ("E_SIG", TEXT))
def header_not_ascii(b: Braid) -> File:
    file = b.sign()
    file.nodes[TEXT]["h"] = file.nodes[TEXT]["h"].replace("text/plain", "téxt/plain")
    return file


@failed("§2.2", "A node signed for another purpose.", ("E_SIG", TEXT))
def signed_as_a_statement(b: Braid) -> None:
    b["text"].purpose = "statement"


@failed("§2.2", "The header was signed without the pre-authentication encoding.", ("E_SIG", TEXT))
def signed_without_framing(b: Braid) -> None:
    honest = b.key

    def bare(message: bytes, _: bytes) -> bytes:
        return honest.sign(message[message.index(b"{") :])

    b["text"].resign = bare


@failed("§2.2", "The frame gives another length.", ("E_SIG", TEXT))
def signed_with_a_wrong_length(b: Braid) -> None:
    honest = b.key

    def longer(message: bytes, _: bytes) -> bytes:
        payload = message[message.index(b"{") :]
        kind = b"application/vnd.braid.node.v1+json"
        return honest.sign(b"DSSEv1 %d %b %d %b" % (len(kind), kind, len(payload) + 1, payload))

    b["text"].resign = longer


@failed("§2.4", "A node signed by another key.", ("E_SIG", TEXT))
def signed_by_another_key(b: Braid) -> None:
    b["text"].key = Key("stranger")


@failed("§2.4", "A node taken from another braid.", ("E_SIG", TEXT))
def node_from_another_braid(b: Braid) -> File:
    file = b.sign()
    file.nodes[TEXT] = short("other").sign().nodes[TEXT]
    return file


@failed("§2.4", "Two nodes swapped their signatures.", ("E_SIG", PROMPT), ("E_SIG", TEXT))
def signatures_swapped(b: Braid) -> File:
    file = b.sign()
    a, c = file.nodes[PROMPT], file.nodes[TEXT]
    a["s"], c["s"] = c["s"], a["s"]
    return file


@failed(
    "§7.1",
    "The whole file names another braid key: no signature fits.",
    *(("E_SIG", i) for i in range(6)),
)
def braid_key_replaced(b: Braid) -> File:
    b.certified = False
    file = b.sign()
    file.head["braid"] = encode(Key("stranger").public)
    return file


@failed("§2.3", "S plus the group order: the same signature in another form.", ("E_SIG_FORM", TEXT))
def s_not_reduced(b: Braid) -> None:
    def malleate(_: bytes, signature: bytes) -> bytes:
        s = int.from_bytes(signature[32:], "little") + curve.L
        return signature[:32] + s.to_bytes(32, "little")

    b["text"].resign = malleate


@failed("§2.3", "R is the identity, a point of small order.", ("E_SIG_FORM", TEXT))
def r_of_small_order(b: Braid) -> None:
    key = OddKey("small r")
    b.key = key
    b["text"].resign = lambda message, _: curve.sign(key.scalar, key.public, message, nonce=0)


@failed(
    "§2.3",
    "R is spelled with a y coordinate that is not below the field prime.",
    ("E_SIG_FORM", TEXT),
)
def r_not_canonical(b: Braid) -> None:
    key = OddKey("loose r")
    b.key = key
    spelled = (curve.P + 1).to_bytes(32, "little")
    b["text"].resign = lambda message, _: curve.sign(
        key.scalar, key.public, message, nonce=0, r=spelled
    )


@failed("§2.3", "A signature that fits only with the cofactor.", ("E_SIG", TEXT))
def cofactor_only(b: Braid) -> None:
    key = OddKey("cofactor")
    b.key = key
    b["text"].resign = lambda message, _: curve.sign(
        key.scalar, key.public, message, twist=curve.TORSION
    )


# --- class 4: keys and certificate


@failed(
    "§2.3", "The braid key is the identity: each signature fits every message.", ("E_KEY", None)
)
def braid_key_of_small_order(b: Braid) -> None:
    b.key = OddKey("identity", scalar=0)


@failed(
    "§9.2",
    "After an unusable braid key nothing of the certificate is looked at, not even its encodings.",
    ("E_KEY", None),
    signed="no",
    signer="no",
)
def braid_key_of_small_order_and_a_loose_certificate(b: Braid) -> File:
    b.key = OddKey("identity", scalar=0)
    file = b.sign()
    file.head["certificate"]["s"] += "="
    return file


@failed("§2.3", "The braid key is of small order and not spelled canonically.", ("E_KEY", None))
def braid_key_not_canonical(b: Braid) -> None:
    b.key = SpelledKey()


@failed(
    "§2.3",
    "The braid key has a torsion part; every signature fits without the cofactor.",
    ("E_KEY", None),
)
def braid_key_of_mixed_order(b: Braid) -> None:
    b.key = OddKey("mixed", torsion=1)


@failed("§2.3", "The braid key is no point of the curve.", ("E_KEY", None))
def braid_key_not_a_point(b: Braid) -> File:
    b.certified = False
    file = b.sign()
    y = next(y for y in range(2, 100) if curve.recover(y) is None)
    file.head["braid"] = encode(y.to_bytes(32, "little"))
    return file


@failed("§2.3", "The root key has a torsion part.", ("E_KEY", None))
def root_key_of_mixed_order(b: Braid) -> None:
    b.root = OddKey("mixed root", torsion=3)


@failed("§2.3", "The root key is of small order.", ("E_KEY", None))
def root_key_of_small_order(b: Braid) -> None:
    b.root = OddKey("small root", scalar=0, torsion=4)


@failed("§9.1", "A certificate with a space in its header, signed so.", ("E_CERT", None))
def certificate_with_a_space(b: Braid) -> None:
    b.respell_certificate = lambda h: h.replace(",", ", ", 1)


@failed("§9.1", "A certificate with a field SPEC does not name.", ("E_CERT", None))
def certificate_with_an_unknown_field(b: Braid) -> None:
    b.edit_certificate = lambda fields: fields.update(scope="all")


@failed("§9.1", "A certificate without a policy.", ("E_CERT", None))
def certificate_without_a_policy(b: Braid) -> None:
    b.edit_certificate = lambda fields: fields.pop("policy")


@failed("§9.1", "A certificate with a policy SPEC does not know.", ("E_CERT", None))
def certificate_with_an_unknown_policy(b: Braid) -> None:
    b.edit_certificate = lambda fields: fields.update(policy="sometimes")


@failed("§9.1", "A certificate of version 2.", ("E_CERT", None))
def certificate_of_version_2(b: Braid) -> None:
    b.edit_certificate = lambda fields: fields.update(v=2)


@failed("§9.1", "An issuer with a space.", ("E_CERT", None))
def issuer_with_a_space(b: Braid) -> None:
    b.edit_certificate = lambda fields: fields.update(issuer="Vectors Example")


@failed("§9.1", "An issuer of 256 bytes.", ("E_CERT", None))
def issuer_of_256_bytes(b: Braid) -> None:
    b.edit_certificate = lambda fields: fields.update(issuer="i" * 256)


@failed("§9.1", "A nonce of 15 bytes.", ("E_CERT", None))
def nonce_of_15_bytes(b: Braid) -> None:
    b.edit_certificate = lambda fields: fields.update(nonce=encode(bytes(15)))


@failed("§9.1", "A bound that is no moment: 31 April.", ("E_CERT", None))
def bound_that_does_not_exist(b: Braid) -> None:
    b.edit_certificate = lambda fields: fields.update(not_after="2026-04-31T00:00:00.000Z")


@failed("§9.1", "One letter of the certificate was changed.", ("E_CERT_SIG", None))
def certificate_changed(b: Braid) -> File:
    file = b.sign()
    certificate = file.head["certificate"]
    certificate["h"] = certificate["h"].replace('"required"', '"best_effort"')
    return file


@failed("§9.1", "The certificate was signed for the purpose of nodes.", ("E_CERT_SIG", None))
def certificate_signed_as_a_node(b: Braid) -> None:
    root = b.root
    b.resign_certificate = lambda h, _: root.sign(pae("node", h.encode()))


@failed("§9.1", "The braid key certified itself in the root's name.", ("E_CERT_SIG", None))
def certificate_signed_by_the_braid_key(b: Braid) -> None:
    b.resign_certificate = lambda h, _: b.key.sign(pae("certificate", h.encode()))


@failed("§2.3", "S of the root's signature is not reduced.", ("E_SIG_FORM", None))
def root_signature_not_reduced(b: Braid) -> None:
    def malleate(_: str, s: bytes) -> bytes:
        return s[:32] + (int.from_bytes(s[32:], "little") + curve.L).to_bytes(32, "little")

    b.resign_certificate = malleate


@failed("§9.2", "A certificate of the same root for another braid.", ("E_BRAID", None))
def certificate_of_another_braid(b: Braid) -> File:
    file = b.sign()
    file.head["certificate"] = short("other").certificate()
    return file


@failed("§9.2", "The bounds of the certificate are the wrong way round.", ("E_CERT_TIME", None))
def bounds_reversed(b: Braid) -> None:
    def reverse(fields: dict[str, object]) -> None:
        fields["not_before"], fields["not_after"] = fields["not_after"], fields["not_before"]

    b.edit_certificate = reverse


@failed("§9.1", "The proof of possession is by another key.", ("E_POP", None))
def possession_by_another_key(b: Braid) -> None:
    b.resign_possession = lambda h, s: Key("stranger").sign(pae("possession", h.encode() + s))


@failed("§9.1", "The proof of possession does not cover the root's signature.", ("E_POP", None))
def possession_without_the_root_signature(b: Braid) -> None:
    b.resign_possession = lambda h, _: b.key.sign(pae("possession", h.encode()))


@failed(
    "§9.1", "The proof of possession was signed for the purpose of certificates.", ("E_POP", None)
)
def possession_signed_as_a_certificate(b: Braid) -> None:
    b.resign_possession = lambda h, s: b.key.sign(pae("certificate", h.encode() + s))


@failed("§9.2", "A node is a millisecond later than the certificate allows.", ("E_CERT_TIME", END))
def node_after_the_certificate(b: Braid) -> None:
    b["end"].time = "2027-01-01T00:00:00.000Z"


@failed(
    "§9.2", "A node is a millisecond earlier than the certificate allows.", ("E_CERT_TIME", PROMPT)
)
def node_before_the_certificate(b: Braid) -> None:
    b["prompt"].time = "2025-12-31T23:59:59.999Z"


# --- signatures made for one thing and used for another


def _signed_as(purpose: str) -> None:
    def make(b: Braid) -> None:
        b["text"].purpose = purpose

    make.__name__ = f"signed_as_a_{purpose}"
    failed("§2.2", f"A signature made for a {purpose}, used for a node.", ("E_SIG", TEXT))(make)


for each in ("certificate", "possession", "closure", "rotation", "revocation"):
    _signed_as(each)


@failed("§2.2", "A node's signature used for a proof of possession.", ("E_POP", None))
def possession_signed_as_a_node(b: Braid) -> None:
    b.resign_possession = lambda h, s: b.key.sign(pae("node", h.encode() + s))


@failed(
    "§2.2", "A root's signature made for a statement, used for a certificate.", ("E_CERT_SIG", None)
)
def certificate_signed_as_a_statement(b: Braid) -> None:
    root = b.root
    b.resign_certificate = lambda h, _: root.sign(pae("statement", h.encode()))


@failed("§2.4", "The root itself signed a node.", ("E_SIG", TEXT))
def signed_by_the_root(b: Braid) -> None:
    b["text"].key = b.root


@failed("§2.3", "S of the proof of possession is not reduced.", ("E_SIG_FORM", None))
def possession_not_reduced(b: Braid) -> None:
    def malleate(h: str, s: bytes) -> bytes:
        pop = b.key.sign(pae("possession", h.encode() + s))
        return pop[:32] + (int.from_bytes(pop[32:], "little") + curve.L).to_bytes(32, "little")

    b.resign_possession = malleate


@failed("§2.3", "R of the proof of possession is of small order.", ("E_SIG_FORM", None))
def possession_r_of_small_order(b: Braid) -> None:
    key = OddKey("small pop r")
    b.key = key
    b.resign_possession = lambda h, s: curve.sign(
        key.scalar, key.public, pae("possession", h.encode() + s), nonce=0
    )


@failed("§2.3", "R of the root's signature is not canonical.", ("E_SIG_FORM", None))
def root_signature_r_not_canonical(b: Braid) -> None:
    key = OddKey("loose root r")
    b.root = key
    spelled = (curve.P + 1).to_bytes(32, "little")
    b.resign_certificate = lambda h, _: curve.sign(
        key.scalar, key.public, pae("certificate", h.encode()), nonce=0, r=spelled
    )


@failed("§2.3", "The root's signature fits only with the cofactor.", ("E_CERT_SIG", None))
def root_signature_cofactor_only(b: Braid) -> None:
    key = OddKey("cofactor root")
    b.root = key
    b.resign_certificate = lambda h, _: curve.sign(
        key.scalar, key.public, pae("certificate", h.encode()), twist=curve.TORSION
    )


@failed("§2.3", "The root key is of small order and not spelled canonically.", ("E_KEY", None))
def root_key_not_canonical(b: Braid) -> None:
    b.root = SpelledKey()


@failed("§2.3", "A signature of zeros.", ("E_SIG_FORM", TEXT))
def signature_of_zeros(b: Braid) -> None:
    b["text"].resign = lambda _, __: bytes(64)


@failed("§2.3", "A signature of ones.", ("E_SIG_FORM", TEXT))
def signature_of_ones(b: Braid) -> None:
    b["text"].resign = lambda _, __: b"\xff" * 64


@failed("§2.3", "S is the group order itself: zero in another form.", ("E_SIG_FORM", TEXT))
def s_is_the_group_order(b: Braid) -> None:
    b["text"].resign = lambda _, signature: signature[:32] + curve.L.to_bytes(32, "little")


@failed("§9.1", "A name stands twice in the certificate's header.", ("E_CERT", None))
def repeated_name_in_the_certificate_header(b: Braid) -> None:
    b.respell_certificate = lambda h: h.replace('"v":1}', '"v":1,"v":1}')


@failed("§9.1", "The names of the certificate's header are not sorted.", ("E_CERT", None))
def certificate_not_sorted(b: Braid) -> None:
    b.respell_certificate = lambda h: '{"v":1,' + h[1:].replace(',"v":1}', "}")


@failed("§9.1", "A certificate whose nonce has spare bits set.", ("E_CERT", None))
def spare_bits_in_the_nonce(b: Braid) -> None:
    b.edit_certificate = lambda fields: fields.update(nonce=fields["nonce"][:-1] + "B")


@failed("§9.1", "A certificate header that is no JSON.", ("E_CERT", None))
def certificate_garbage(b: Braid) -> None:
    b.respell_certificate = lambda _: "certified"


@failed("§9.2", "A certificate that ended before the first node.",
        *(("E_CERT_TIME", i) for i in range(6)))  # fmt: skip
def certificate_expired(b: Braid) -> None:
    b.edit_certificate = lambda fields: fields.update(not_after="2026-01-31T23:59:59.999Z")


@failed("§9.2", "A certificate that begins after the last node.",
        *(("E_CERT_TIME", i) for i in range(6)))  # fmt: skip
def certificate_not_yet_valid(b: Braid) -> None:
    b.edit_certificate = lambda fields: fields.update(not_before="2026-03-01T00:00:00.000Z")
