"""Wire formats: bytes of a provider's protocol to blocks, one pure module each.

No module here does I/O, and none raises on what it is fed: bytes that cannot be
read become a block of kind `other` that holds them (SPEC §5.4).
"""
