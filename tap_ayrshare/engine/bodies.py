"""Reading the bytes of an answer with a bound, while they come and while they inflate."""

from __future__ import annotations

import zlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import aiohttp

MOST_BYTES = 64 << 20
"""The longest body that is read: over six times the largest that a thousand posts were seen to take."""
CHUNK = 1 << 16
ENCODINGS = "gzip, deflate"
"""What `Accept-Encoding` names: the encodings that `read_body` inflates."""
GZIP_OR_ZLIB = 32 + zlib.MAX_WBITS


class BodyTooLong(Exception):
    """The body is longer than `MOST_BYTES`, as it came or inflated."""


class BodyBroken(Exception):
    """The body is not in the encoding that its header names."""


async def read_body(response: aiohttp.ClientResponse, most: int = MOST_BYTES) -> bytes:
    """Return the body of a response, inflated.

    Args:
        response: a response whose session does not inflate bodies by itself.
        most: how many bytes are read at the most.

    Raises:
        BodyTooLong: it is longer.
        BodyBroken: it can't be inflated.
    """
    encoding = response.headers.get("Content-Encoding", "identity").strip().lower()
    if encoding not in ("identity", ""):
        if encoding not in ("gzip", "x-gzip", "deflate"):
            raise BodyBroken(f"the body comes in the encoding {encoding[:20]!r}, which was not asked for")
        return await _inflated(response, most)
    parts: list[bytes] = []
    size = 0
    async for chunk in response.content.iter_chunked(CHUNK):
        size += len(chunk)
        if size > most:
            raise BodyTooLong
        parts.append(chunk)
    return b"".join(parts)


async def _inflated(response: aiohttp.ClientResponse, most: int) -> bytes:
    inflater = zlib.decompressobj(GZIP_OR_ZLIB)
    parts: list[bytes] = []
    size = 0
    is_first = True
    async for chunk in response.content.iter_chunked(CHUNK):
        rest = chunk
        while rest:
            try:
                part = inflater.decompress(rest, most + 1 - size)
            except zlib.error:
                if not is_first:
                    raise BodyBroken("the body can't be inflated") from None
                # Some servers send `deflate` without the zlib header.
                inflater = zlib.decompressobj(-zlib.MAX_WBITS)
                is_first = False
                continue
            is_first = False
            size += len(part)
            parts.append(part)
            if size > most:
                raise BodyTooLong
            rest = inflater.unconsumed_tail
    if not inflater.eof:
        raise BodyBroken("the body was cut off")
    return b"".join(parts)
