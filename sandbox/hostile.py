"""Servers at their worst: what goes over the wire in place of a well-formed answer.

| fault | what happens |
|---|---|
| drip | the good answer comes one byte a second |
| endless | a body without a length that never ends |
| endless_chunked | the same in chunks |
| gzip_bomb, deflate_bomb | a small body that inflates to `gigabytes` (2) |
| length_too_long, length_too_short | Content-Length doesn't fit the body |
| invalid_utf8 | the body isn't UTF-8 |
| many_headers | `megabytes` (100) of headers |
| endless_header | one header that never ends |
| silent | nothing comes, and the connection stays open |
| garbage | what comes isn't HTTP |
| bad_status | the status line makes no sense |
"""

from __future__ import annotations

import asyncio
import zlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

    from aiohttp import web

HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
PIECE = 1 << 16
MEGABYTE = 1 << 20


async def _drip(good: bytes, _rule: dict[str, Any]) -> AsyncIterator[bytes]:
    yield HEAD + b"Content-Length: %d\r\n\r\n" % len(good)
    for byte in good:
        yield bytes([byte])
        await asyncio.sleep(1)


async def _endless(_good: bytes, _rule: dict[str, Any]) -> AsyncIterator[bytes]:
    yield HEAD + b'Connection: close\r\n\r\n{"status": "'
    while True:
        yield b"x" * PIECE


async def _endless_chunked(_good: bytes, _rule: dict[str, Any]) -> AsyncIterator[bytes]:
    yield HEAD + b"Transfer-Encoding: chunked\r\n\r\n"
    while True:
        yield b"%x\r\n%b\r\n" % (PIECE, b"x" * PIECE)


def _bomb(encoding: bytes, bits: int) -> Callable[[bytes, dict[str, Any]], AsyncIterator[bytes]]:
    async def pieces(_good: bytes, rule: dict[str, Any]) -> AsyncIterator[bytes]:
        yield HEAD + b"Connection: close\r\nContent-Encoding: %b\r\n\r\n" % encoding
        squeeze = zlib.compressobj(9, zlib.DEFLATED, bits)
        for _ in range(int(rule.get("gigabytes", 2)) * 64):
            yield squeeze.compress(b" " * (16 * MEGABYTE))
        yield squeeze.flush()

    return pieces


def _length(change: int) -> Callable[[bytes, dict[str, Any]], AsyncIterator[bytes]]:
    async def pieces(good: bytes, _rule: dict[str, Any]) -> AsyncIterator[bytes]:
        yield HEAD + b"Content-Length: %d\r\n\r\n" % max(0, len(good) + change) + good

    return pieces


async def _invalid_utf8(good: bytes, _rule: dict[str, Any]) -> AsyncIterator[bytes]:
    raw = good.replace(b'"', b'"\xff\xfe', 1)
    yield HEAD + b"Content-Length: %d\r\n\r\n" % len(raw) + raw


async def _many_headers(_good: bytes, rule: dict[str, Any]) -> AsyncIterator[bytes]:
    yield HEAD
    for number in range(int(rule.get("megabytes", 100)) * 256):
        yield b"X-Number-%d: %b\r\n" % (number, b"x" * 4000)
    yield b"Content-Length: 2\r\n\r\n{}"


async def _endless_header(_good: bytes, _rule: dict[str, Any]) -> AsyncIterator[bytes]:
    yield HEAD + b"X-Long: "
    while True:
        yield b"x" * PIECE


async def _silent(_good: bytes, _rule: dict[str, Any]) -> AsyncIterator[bytes]:
    await asyncio.sleep(3600)
    yield b""


async def _garbage(_good: bytes, _rule: dict[str, Any]) -> AsyncIterator[bytes]:
    yield bytes(range(256)) * 4 + b"\r\n\r\n"


async def _bad_status(_good: bytes, _rule: dict[str, Any]) -> AsyncIterator[bytes]:
    yield b"HTTP/1.1 99999 Whatever\r\nContent-Length: 2\r\n\r\n{}"


PIECES: dict[str, Callable[[bytes, dict[str, Any]], AsyncIterator[bytes]]] = {
    "drip": _drip, "endless": _endless, "endless_chunked": _endless_chunked, "gzip_bomb": _bomb(b"gzip", 31),
    "deflate_bomb": _bomb(b"deflate", 15), "length_too_long": _length(1000), "length_too_short": _length(-20),
    "invalid_utf8": _invalid_utf8, "many_headers": _many_headers, "endless_header": _endless_header,
    "silent": _silent, "garbage": _garbage, "bad_status": _bad_status,
}  # fmt: skip


async def misbehave(request: web.Request, rule: dict[str, Any], good: bytes) -> None:
    """Send what a fault says until the other side has gone, then end the connection."""
    transport = request.transport
    if transport is None:
        return
    async for piece in PIECES[rule["fault"]](good, rule):
        if transport.is_closing():
            break
        transport.write(piece)
        # A client that doesn't read must not fill this process.
        while transport.get_write_buffer_size() > MEGABYTE and not transport.is_closing():  # noqa: ASYNC110
            await asyncio.sleep(0.01)
        await asyncio.sleep(0)
    transport.close()
