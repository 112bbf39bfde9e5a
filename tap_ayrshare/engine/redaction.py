r"""Taking secrets out of text and of JSON values, in every form in which an API may echo them.

A form is: plain, in changed case, escaped as in JSON (`\/`, `\u0041`), percent-encoded or in base64 (standard
and URL-safe, also as a part of longer base64), and these inside one another.
"""

from __future__ import annotations

import base64
import logging
import re
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

MASK = "***"
"""What stands in a secret's place."""
SHORTEST_SECRET = 8
"""A shorter one is a secret only where it stands alone: as a part of a word it would be found everywhere."""
DEEPEST_ENCODING = 3
"""So many encodings inside one another are looked through."""
MOST_PLAIN_NEEDLES = 200
"""For more of them than this, one regular expression is faster than a search for each."""
PREFIX = 8
"""So many characters of each form that regular expression looks for."""

_JSON_ESCAPE = re.compile(r'\\[uU]([0-9A-Fa-f]{4})|\\(["\\/bfnrt])')
_BLANK = dict.fromkeys("bfnrt", " ")
_PERCENT_ESCAPE = re.compile(r"%([0-7][0-9A-Fa-f])")
_LOWER_PERCENT_ESCAPE = re.compile(r"%(?:25)*([0-7][0-9a-f])")
_LOWER_JSON_ESCAPE = re.compile(r"\\\\*u00([0-7][0-9a-f])")


class Redactor:
    """Puts *** in the place of secrets. Secrets are ASCII; of others only the plain form is found."""

    def __init__(self, secrets: Iterable[str]) -> None:
        known = sorted({secret for secret in secrets if secret}, key=lambda secret: (-len(secret), secret))
        alone = [form for secret in known if len(secret) < SHORTEST_SECRET for form in _short_forms(secret)]
        forms = [form for secret in known if len(secret) >= SHORTEST_SECRET for form in _long_forms(secret)]
        patterns = [re.escape(form) for form in forms]
        patterns += [rf"(?<![A-Za-z0-9_]){re.escape(form)}(?![A-Za-z0-9_])" for form in alone]
        # Looking ahead, so that one which begins inside another is found too.
        self._forms = re.compile(f"(?=({'|'.join(patterns)}))", re.IGNORECASE | re.ASCII) if patterns else None
        # What an escape itself is made of can't be told from an escape cheaply.
        self._always = any("%" in secret or "\\" in secret or not secret.isascii() for secret in known)
        self._found_in = _finder([form.lower() for form in (*forms, *alone)])

    def text(self, text: str) -> str:
        """Return text with *** in the place of every secret."""
        if self._forms is None or not self._suspect(text.encode("utf-8", "surrogatepass")):
            return text
        spans = sorted(_spans(self._forms, text, None, DEEPEST_ENCODING))
        parts, end = [], 0
        for start, stop in spans:
            if start >= end:
                parts += [text[end:start], MASK]
            end = max(end, stop)
        return "".join([*parts, text[end:]])

    def value(self, value: Any) -> Any:
        """Return a JSON value without secrets, in keys too; numbers are left alone."""
        if isinstance(value, str):
            return self.text(value)
        if isinstance(value, list):
            return [self.value(item) for item in value]
        if isinstance(value, dict):
            return {self.text(key): self.value(item) for key, item in value.items()}
        return value

    def body(self, raw: bytes, parsed: Any) -> Any:
        """Return what was parsed out of a body without secrets; almost no time where the body has none."""
        return self.value(parsed) if self._forms is not None and self._suspect(raw) else parsed

    def _suspect(self, raw: bytes) -> bool:
        """Return whether bytes may hold a secret: sometimes yes without one, never no with one."""
        # U+0000 is taken out of bodies, and UTF-16, which JSON may be in, is full of it.
        if self._always or b"\0" in raw:
            return True
        text = raw.lower().decode("latin-1")
        while not self._found_in(text.replace("\\", "")):
            # A percent sign before a secret that is escaped as in JSON looks like an escape of its own.
            escaped = "%" in text and "\\u00" in text
            if escaped and self._found_in(_LOWER_JSON_ESCAPE.sub(_character, text).replace("\\", "")):
                return True
            plainer = _LOWER_PERCENT_ESCAPE.sub(_character, text) if "%" in text else text
            plainer = _LOWER_JSON_ESCAPE.sub(_character, plainer) if "\\u00" in plainer else plainer
            if plainer == text:
                return False
            text = plainer
        return True


def _character(found: re.Match[str]) -> str:
    return chr(int(found[1], 16)).lower().replace("\0", "")


def _long_forms(secret: str) -> Iterator[str]:
    """Yield a secret and what is of it in every base64 text that holds it, at the three ways to be aligned."""
    yield secret
    plain = secret.encode("utf-8", "surrogatepass")
    for before, first in ((0, 0), (1, 2), (2, 3)):
        encoded = base64.b64encode(bytes(before) + plain).decode()
        yield from _alphabets(encoded[first : (before + len(plain)) * 8 // 6])


def _short_forms(secret: str) -> Iterator[str]:
    yield secret
    yield from _alphabets(base64.b64encode(secret.encode("utf-8", "surrogatepass")).decode().rstrip("="))


def _alphabets(encoded: str) -> Iterable[str]:
    return dict.fromkeys((encoded, encoded.replace("+", "-").replace("/", "_")))


def _finder(needles: list[str]) -> Callable[[str], bool]:
    """Return a function that returns whether lower-case text may hold one of the needles."""
    if len(needles) <= MOST_PLAIN_NEEDLES:
        return lambda text: any(needle in text for needle in needles)
    tree: dict[str, Any] = {}
    for needle in needles:
        branch = tree
        for character in needle[:PREFIX]:
            branch = branch.setdefault(character, {})
        branch[""] = {}
    pattern = re.compile(_alternatives(tree))
    return lambda text: pattern.search(text) is not None


def _alternatives(tree: dict[str, Any]) -> str:
    """Return a tree of characters as a regular expression; what ends early needs nothing more."""
    if "" in tree:
        return ""
    found = [re.escape(character) + _alternatives(branch) for character, branch in tree.items()]
    return found[0] if len(found) == 1 else f"(?:{'|'.join(found)})"


def _spans(forms: re.Pattern[str], text: str, places: list[int] | None, depth: int) -> Iterator[tuple[int, int]]:
    """Yield where forms stand in a text, and in what is encoded in it.

    Args:
        forms: what is looked for.
        text: the text, decoded so far.
        places: where each of its characters begins in the text as it came, and the end; None: nothing is decoded.
        depth: how many more encodings are looked through.
    """
    for found in forms.finditer(text):
        yield (places[found.start(1)], places[found.end(1)]) if places else found.span(1)
    for escape in (_JSON_ESCAPE, _PERCENT_ESCAPE) if depth else ():
        decoded, starts = _decoded(escape, text)
        if decoded != text:
            yield from _spans(forms, decoded, [places[at] for at in starts] if places else starts, depth - 1)


def _decoded(escape: re.Pattern[str], text: str) -> tuple[str, list[int]]:
    """Return a text without one kind of escape and without U+0000, and where each character began, and the end."""
    characters: list[str] = []
    starts: list[int] = []
    end = 0
    for found in escape.finditer(text):
        characters += text[end : found.start()]
        starts += range(end, found.start())
        characters.append(chr(int(found[1], 16)) if found[1] else _BLANK.get(found[2], found[2]))
        starts.append(found.start())
        end = found.end()
    characters += text[end:]
    starts += range(end, len(text))
    kept = [at for at, character in enumerate(characters) if character != "\0"]
    return "".join(characters[at] for at in kept), [*(starts[at] for at in kept), len(text)]


class SecretFormatter(logging.Formatter):
    """Formats as another formatter does, tracebacks too, and takes secrets out of the result."""

    def __init__(self, formatter: logging.Formatter | None, secrets: Iterable[str]) -> None:
        super().__init__()
        # One around another would redact twice; a process that makes many taps would nest them without end.
        inner = formatter._formatter if isinstance(formatter, SecretFormatter) else formatter  # noqa: SLF001 - its own
        self._formatter: logging.Formatter = inner or logging.Formatter()
        self._redactor = Redactor(secrets)

    def format(self, record: logging.LogRecord) -> str:
        """Return the line, with *** in place of every secret."""
        return self._redactor.text(self._formatter.format(record))


def redact_logs(secrets: Iterable[str]) -> None:
    """Put *** in the place of secrets in all that is logged from now on."""
    for handler in logging.getLogger().handlers:
        handler.setFormatter(SecretFormatter(handler.formatter, secrets))
