"""Edwards25519 in plain integers: keys and signatures that no honest library would make.

Slow, not constant in time, and for test vectors only. Honest signatures come from pyca.
"""

from __future__ import annotations

import hashlib

P = 2**255 - 19
L = 2**252 + 27742317777372353535851937790883648493
D = -121665 * pow(121666, -1, P) % P

Point = tuple[int, int]
IDENTITY: Point = (0, 1)


def add(a: Point, b: Point) -> Point:
    """Add two points (RFC 8032 §5.1.4, affine)."""
    (x1, y1), (x2, y2) = a, b
    t = D * x1 * x2 * y1 * y2 % P
    x3 = (x1 * y2 + x2 * y1) * pow(1 + t, -1, P) % P
    y3 = (y1 * y2 + x1 * x2) * pow(1 - t, -1, P) % P
    return x3, y3


def times(scalar: int, point: Point) -> Point:
    """Multiply by doubling and adding."""
    total = IDENTITY
    while scalar:
        if scalar & 1:
            total = add(total, point)
        point = add(point, point)
        scalar >>= 1
    return total


def encode(point: Point) -> bytes:
    x, y = point
    return (y | (x & 1) << 255).to_bytes(32, "little")


def recover(y: int, sign: int = 0) -> Point | None:
    """Find the point with this y and sign of x (RFC 8032 §5.1.3); None if there is none."""
    square = (y * y - 1) * pow(D * y * y + 1, -1, P) % P
    x = pow(square, (P + 3) // 8, P)
    if (x * x - square) % P:
        x = x * pow(2, (P - 1) // 4, P) % P
    if (x * x - square) % P:
        return None
    return (P - x if x & 1 != sign else x), y


def _base() -> Point:
    point = recover(4 * pow(5, -1, P) % P)
    assert point is not None
    return point


BASE = _base()


def _torsion() -> Point:
    """Find a point of order exactly 8."""
    y = 2
    while True:
        point = recover(y)
        if point is not None:
            small = times(L, point)
            if times(4, small) != IDENTITY:
                return small
        y += 1


TORSION = _torsion()  # order 8; times(i, TORSION) are all points of small order


def challenge(r: bytes, key: bytes, message: bytes) -> int:
    return int.from_bytes(hashlib.sha512(r + key + message).digest(), "little") % L


def sign(
    scalar: int,
    key: bytes,
    message: bytes,
    *,
    nonce: int | None = None,
    twist: Point = IDENTITY,
    r: bytes | None = None,
) -> bytes:
    """Sign as whoever knows `scalar` can, honest or not; deterministic.

    `twist` is added to R; `r` replaces its bytes. The challenge is a multiple of eight,
    so that a key with a torsion part still satisfies the equation without cofactor.
    """
    counter = 0
    while True:
        seed = hashlib.sha512(b"vector nonce %d " % counter + key + message).digest()
        k_nonce = int.from_bytes(seed, "little") % L if nonce is None else nonce
        point = r or encode(add(times(k_nonce, BASE), twist))
        k = challenge(point, key, message)
        if k % 8 == 0 or nonce is not None:
            return point + ((k_nonce + k * scalar) % L).to_bytes(32, "little")
        counter += 1


def satisfies(key: Point, key_bytes: bytes, signature: bytes, message: bytes) -> tuple[bool, bool]:
    """Check the equation without and with the cofactor, for a key given as a point."""
    r = recover(int.from_bytes(signature[:32], "little") & (1 << 255) - 1, signature[31] >> 7)
    assert r is not None
    s = int.from_bytes(signature[32:], "little")
    k = challenge(signature[:32], key_bytes, message)
    left, right = times(s, BASE), add(r, times(k, key))
    return left == right, times(8, left) == times(8, right)
