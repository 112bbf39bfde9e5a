"""Reading the JSON files that a user hands over: settings, lists of profiles, catalogs and states."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

from tap_ayrshare.engine.values import is_too_deep

STDIN = "-"


class UnusableFile(Exception):
    """A file that can't be read; the message says why, in words that follow its name, and shows nothing in it."""


class NoSuchFile(UnusableFile):
    """A path that leads nowhere."""


def json_file(path: str) -> Any:
    """Return the value in a JSON file: in UTF-8, with or without a byte order mark, whatever the locale.

    Args:
        path: `-` is stdin, and `~` the home directory. A blank file is None.

    Raises:
        UnusableFile: it can't be read.
    """
    try:
        raw = sys.stdin.buffer.read() if path == STDIN else Path(path).expanduser().read_bytes()
    except FileNotFoundError as error:
        raise NoSuchFile(error.strerror) from None
    except OSError as error:
        raise UnusableFile(error.strerror or type(error).__name__) from None
    except (ValueError, RuntimeError):  # a NUL, or an unknown ~user
        raise UnusableFile("it isn't a valid path") from None
    return _value(_text(raw))


def _text(raw: bytes) -> str:
    if raw.startswith((b"\xff\xfe", b"\xfe\xff")) or b"\0" in raw[:4]:
        raise UnusableFile("it isn't UTF-8 text but UTF-16; save it as UTF-8")
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        raise UnusableFile(f"it isn't UTF-8 text: byte {raw[error.start]:#04x} in line {line}") from None


def _value(text: str) -> Any:
    if not text.strip():
        return None
    try:
        value = json.loads(text)
    except json.JSONDecodeError as error:
        where = f"line {error.lineno}, column {error.colno}"
        raise UnusableFile(f"this isn't valid JSON: {error.msg} ({where})") from None
    except ValueError:
        raise UnusableFile("this isn't valid JSON: a number has too many digits") from None
    except RecursionError:
        raise UnusableFile("this isn't valid JSON that can be used: it is nested too deeply") from None
    if is_too_deep(value):
        raise UnusableFile("it is nested too deeply")
    return value
