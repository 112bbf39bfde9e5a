"""Bodies with one thing changed: what a node may be in place of what it is."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

Path = tuple[str | int, ...]
ABSENT = object()


def _by_index(value: Any) -> dict[str, Any]:
    items = value if isinstance(value, list) else [value]
    return {str(position): item for position, item in enumerate(items)}


REPLACEMENTS: dict[str, Callable[[Any], Any]] = {
    "absent": lambda _: ABSENT,
    "null": lambda _: None,
    "empty list": lambda _: [],
    "empty object": lambda _: {},
    "empty text": lambda _: "",
    "zero": lambda _: 0,
    "text": lambda _: "text",
    "list of one": lambda value: [value],
    "object by index": _by_index,
    "nested copy": lambda value: {"value": value},
}
RENAMED, WRAPPED = "other case", "one level down"


@dataclass(frozen=True)
class Mutant:
    """A body with one node changed: which, and how."""

    path: Path
    change: str
    body: Any

    @property
    def name(self) -> str:
        """What was changed, for people."""
        return f"{dotted(self.path)}: {self.change}"


def dotted(path: Path) -> str:
    """Return a path as one word."""
    return ".".join(map(str, path)) or "the body"


def other_case(key: str) -> str:
    """Return a key in another letter case: `playLists` is playlists, `id` is ID."""
    return key.lower() if key.lower() != key else key.upper()


def places(value: Any, path: Path = ()) -> Iterator[tuple[Path, Any]]:
    """Yield every node of a body below its root, each with its value."""
    children = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, child in children:
        yield (*path, key), child
        yield from places(child, (*path, key))


def mutants(body: Any) -> Iterator[Mutant]:
    """Yield all mutants of a body that differ from it."""
    for key in ("data", "result"):
        yield Mutant((), f"{WRAPPED} ({key})", {key: body})
    for change in ("empty list", "empty object", "list of one", "object by index"):
        if (value := REPLACEMENTS[change](body)) != body:
            yield Mutant((), change, value)
    for path, value in places(body):
        for change, of in REPLACEMENTS.items():
            if change == "object by index" and not isinstance(value, (list, dict)):
                continue
            if (new := of(value)) is ABSENT or new != value or type(new) is not type(value):
                yield Mutant(path, change, replaced(body, path, new))
        if isinstance(path[-1], str) and (key := other_case(path[-1])) != path[-1]:
            yield Mutant(path, RENAMED, replaced(body, path, value, key))


def replaced(body: Any, path: Path, value: Any, key: str | None = None) -> Any:
    """Return a body with the node at a path replaced, or left out, or under another key; the rest is shared."""
    first, *rest = path
    if isinstance(body, list):
        inner = [value] if not rest else [replaced(body[int(first)], tuple(rest), value, key)]
        return body[: int(first)] + ([] if inner[0] is ABSENT else inner) + body[int(first) + 1 :]
    changed = {}
    for name, child in body.items():
        if name != first:
            changed[name] = child
        elif rest:
            changed[name] = replaced(child, tuple(rest), value, key)
        elif value is not ABSENT:
            changed[key or name] = value
    return changed
