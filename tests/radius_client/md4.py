"""MD4 (RFC 1320), which MS-CHAP's NT hash needs and OpenSSL 3 no longer offers by default."""

import struct
from collections.abc import Callable

_MASK = 0xFFFFFFFF
_Round = tuple[Callable[[int, int, int], int], int, tuple[int, ...], tuple[int, ...]]

# Function, constant, order of the block's words, left rotations: RFC 1320 section 3.4.
_ROUNDS: tuple[_Round, ...] = (
    (lambda x, y, z: (x & y) | (~x & z), 0, tuple(range(16)), (3, 7, 11, 19)),
    (
        lambda x, y, z: (x & y) | (x & z) | (y & z),
        0x5A827999,
        (0, 4, 8, 12, 1, 5, 9, 13, 2, 6, 10, 14, 3, 7, 11, 15),
        (3, 5, 9, 13),
    ),
    (
        lambda x, y, z: x ^ y ^ z,
        0x6ED9EBA1,
        (0, 8, 4, 12, 2, 10, 6, 14, 1, 9, 5, 13, 3, 11, 7, 15),
        (3, 9, 11, 15),
    ),
)


def md4(message: bytes) -> bytes:
    """The 16-octet digest of `message`."""
    padded = message + b"\x80" + bytes((55 - len(message)) % 64) + struct.pack("<Q", len(message) * 8)
    state = (0x67452301, 0xEFCDAB89, 0x98BADCFE, 0x10325476)
    for start in range(0, len(padded), 64):
        state = _block(state, struct.unpack_from("<16I", padded, start))
    return struct.pack("<4I", *state)


def _block(state: tuple[int, int, int, int], words: tuple[int, ...]) -> tuple[int, int, int, int]:
    a, b, c, d = state
    for mix, constant, order, rotations in _ROUNDS:
        for step, word in enumerate(order):
            total = (a + mix(b, c, d) + words[word] + constant) & _MASK
            turn = rotations[step % 4]
            a, b, c, d = d, ((total << turn) | (total >> (32 - turn))) & _MASK, b, c
    return (
        (state[0] + a) & _MASK,
        (state[1] + b) & _MASK,
        (state[2] + c) & _MASK,
        (state[3] + d) & _MASK,
    )
