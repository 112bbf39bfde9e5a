"""Reading the bytes of an answer with a bound, while they come and while they inflate.

What a body is compressed with is taken from its first bytes, as Content-Encoding is often stale or a charset.
"""

from __future__ import annotations

import asyncio
import zlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import aiohttp

MOST_BYTES = 64 << 20
"""The longest body that is read: over six times the largest that a thousand posts were seen to take."""
CHUNK = 1 << 16
ENCODINGS = "gzip, deflate"
"""What `Accept-Encoding` names: the encodings that `read_body` inflates."""
GZIP = b"\x1f\x8b"
MOST_LAYERS = 3
"""How often a body may be compressed, one compression inside another."""
INFLATED_AT_ONCE = 1 << 20
"""Bytes after which other tasks have their turn."""
WHITE = b" \t\r\n\xef\xbb\xbf"
BEGINNINGS = frozenset(b'{["-0123456789tfn<')
"""What JSON and pages begin with."""


class BodyTooLong(Exception):
    """The body is longer than `MOST_BYTES`, as it came or inflated."""


class BodyBroken(Exception):
    """The body is in an encoding that can't be read."""


async def read_body(response: aiohttp.ClientResponse, most: int = MOST_BYTES) -> bytes:
    """Return the body of a response, inflated.

    Args:
        response: a response whose session does not inflate bodies by itself.
        most: how many bytes are read at the most.

    Raises:
        BodyTooLong: it is longer.
        BodyBroken: it can't be inflated.
    """
    parts: list[bytes] = []
    size = 0
    async for chunk in response.content.iter_chunked(CHUNK):
        size += len(chunk)
        if size > most:
            raise BodyTooLong
        parts.append(chunk)
    body = b"".join(parts)
    named = [name.strip().lower() for name in response.headers.get("Content-Encoding", "").split(",")]
    for _ in range(MOST_LAYERS):
        if body.startswith(GZIP):
            body = await _inflated(body, 16 + zlib.MAX_WBITS, most)
        elif "deflate" in named and not _is_plain(body):
            # Some servers send `deflate` without the zlib header.
            body = await _inflated(body, zlib.MAX_WBITS if _has_zlib_header(body) else -zlib.MAX_WBITS, most)
            named.remove("deflate")
        else:
            break
    unknown = [name for name in named if name in ("br", "zstd", "compress", "x-compress")]
    if unknown and not _is_plain(body):
        raise BodyBroken(f"the body comes in the encoding {unknown[0]!r}, which was not asked for")
    return body


def _is_plain(body: bytes) -> bool:
    start = body[:CHUNK].lstrip(WHITE)
    return not start or start[0] in BEGINNINGS


def _has_zlib_header(body: bytes) -> bool:
    return len(body) > 1 and body[0] & 0x0F == zlib.DEFLATED and not (body[0] << 8 | body[1]) % 31


async def _inflated(body: bytes, window_bits: int, most: int) -> bytes:
    """Return what was compressed: of gzip all members, without the bytes that follow the last."""
    parts: list[bytes] = []
    size = 0
    rest = body
    while rest:
        inflater = zlib.decompressobj(window_bits)
        while not inflater.eof:
            if not rest:
                raise BodyBroken("the body was cut off")
            try:
                part = inflater.decompress(rest, min(INFLATED_AT_ONCE, most + 1 - size))
            except zlib.error:
                raise BodyBroken("the body can't be inflated") from None
            size += len(part)
            if size > most:
                raise BodyTooLong
            parts.append(part)
            rest = inflater.unconsumed_tail
            if rest:
                await asyncio.sleep(0)
        following = inflater.unused_data.lstrip(b"\0")
        rest = following if window_bits > zlib.MAX_WBITS and following.startswith(GZIP) else b""
    return b"".join(parts)
