"""Salts: each is fresh, whoever asks."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

from braid_server.salts import Salts


def test_no_salt_is_given_twice_in_any_thread() -> None:
    salts = Salts()
    with ThreadPoolExecutor(4) as pool:
        several = pool.map(lambda _: [salts() for _ in range(1000)], range(8))
        given = [salt for some in several for salt in some]
    assert {len(salt) for salt in given} == {32}
    assert len(set(given)) == len(given)
