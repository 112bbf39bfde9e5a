"""Typed bookmarks: what a part of a state may hold, field by field.

An unknown field is an error. Taken for absent, a misspelled one would have everything read again without a word.
"""

from __future__ import annotations

from dataclasses import dataclass, field, fields
from datetime import timezone
from difflib import get_close_matches
from functools import cache
from itertools import zip_longest
from typing import TYPE_CHECKING, Any, ClassVar, Generic, TypeVar

from tap_ayrshare.engine.errors import StateError
from tap_ayrshare.engine.values import instant

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from datetime import date, datetime

    from typing_extensions import Self

T = TypeVar("T")

FIRST_YEAR, LAST_YEAR = 1970, 9990
"""Dates nearer to the ends of the calendar overflow."""
SHOWN = 40


@dataclass(frozen=True)
class Form(Generic[T]):
    """What a value looks like in a state.

    text: as messages and the documentation say it, "a date".
    read: returns the value; raises ValueError or StateError for anything else.
    write: returns the value as JSON.
    inner: the bookmark that the value holds, or each of its values.
    """

    text: str
    read: Callable[[Any], T]
    write: Callable[[T], Any]
    inner: type[Bookmark] | None = None


def kept(form: Form[Any], description: str, *, name: str = "", default: Any = None) -> Any:
    """Declare a field of a bookmark; `name`: what the state calls it, where that isn't the attribute's name."""
    return field(default=default, metadata={"form": form, "description": description, "name": name})


@dataclass(frozen=True)
class Bookmark:
    """A part of a state whose fields are declared with `kept`.

    foreign: fields that others write into the same object.
    """

    foreign: ClassVar[frozenset[str]] = frozenset()

    @classmethod
    @cache
    def _fields(cls) -> tuple[tuple[str, str, Form[Any], str], ...]:
        """Return the fields: what the state calls it, the attribute, form, description."""
        return tuple(
            (one.metadata["name"] or one.name, one.name, one.metadata["form"], one.metadata["description"])
            for one in fields(cls)
        )

    @classmethod
    def described(cls) -> list[tuple[str, str, str]]:
        """Return the fields for the documentation, those of inner bookmarks too: name, form, description."""
        rows = []
        for name, _, form, description in cls._fields():
            rows.append((name, form.text, description))
            inner = form.inner.described() if form.inner else ()
            rows += [(f"{name}.{below}", text, said) for below, text, said in inner]
        return rows

    @classmethod
    def from_state(cls, values: object) -> Self:
        """Return the bookmark that a state holds; a field that is absent or null has its default.

        Raises:
            StateError: a field isn't known, or its value hasn't the right form.
        """
        if not isinstance(values, dict):
            raise StateError(f"{shown(values)} isn't an object")
        known = {name: (attribute, form) for name, attribute, form, _ in cls._fields()}
        _refuse_unknown(values, [*known, *sorted(cls.foreign)])
        found = {}
        for name, (attribute, form) in known.items():
            if values.get(name) is not None:
                found[attribute] = _read(name, form, values[name])
        return cls(**found)

    def to_state(self) -> dict[str, Any]:
        """Return the bookmark as JSON, without empty fields."""
        state = {}
        for name, attribute, form, _ in self._fields():
            if value := getattr(self, attribute):
                state[name] = form.write(value)
        return state


def _refuse_unknown(values: Mapping[str, Any], known: list[str]) -> None:
    unknown = [name for name in values if name not in known]
    if not unknown:
        return
    said = []
    for name in unknown:
        nearest = get_close_matches(name, known, n=1)
        said.append(f"{shown(name)} (did you mean {nearest[0]!r}?)" if nearest else shown(name))
    raise StateError(f"unknown field{'' if len(said) == 1 else 's'} {', '.join(said[:3])}")


def _read(name: str, form: Form[Any], value: object) -> Any:
    try:
        return form.read(value)
    except StateError as error:
        raise StateError(f"{name}: {error}") from None
    except ValueError:
        raise StateError(f"{name} {shown(value)} isn't {form.text}") from None


def shown(value: object) -> str:
    """Return a value as a message shows it."""
    try:
        return repr(value)[:SHOWN]
    except ValueError:  # an integer of too many digits
        return "with too many digits"


def read_moment(value: object) -> datetime:
    """Return a moment in UTC; a date is its midnight.

    Raises:
        StateError: it is none, or its year overflows.
    """
    moment = instant(value) if isinstance(value, str) else None
    if moment is None:
        raise StateError(f"{shown(value)} isn't a date")
    if not FIRST_YEAR <= moment.year <= LAST_YEAR:
        raise StateError(f"{shown(value)} isn't between {FIRST_YEAR} and {LAST_YEAR}")
    return moment


def read_date(value: object) -> date:
    """Return the UTC date of a date or a moment.

    Raises:
        StateError: it is neither, or its year overflows.
    """
    return read_moment(value).date()


def compact_time(moment: datetime) -> str:
    """Return a moment in UTC as ISO 8601, with a fraction only where there is one."""
    return moment.replace(tzinfo=None).isoformat() + "Z"


def _is(kind: type) -> Callable[[Any], Any]:
    def read(value: Any) -> Any:
        if type(value) is not kind:
            raise ValueError
        return value

    return read


def _same(value: Any) -> Any:
    return value


def _utc(moment: datetime) -> str:
    return moment.astimezone(timezone.utc).isoformat(timespec="microseconds").replace("+00:00", "Z")


DATE: Form[date] = Form("a date", read_date, lambda day: day.isoformat())
MOMENT: Form[datetime] = Form("a time", read_moment, _utc)
TEXT: Form[str] = Form("text", _is(str), _same)
COUNT: Form[int] = Form("a number", _is(int), _same)
FLAG: Form[bool] = Form("true or false", _is(bool), _same)


def list_of(form: Form[T]) -> Form[tuple[T, ...]]:
    """Return the form of a list of values of one form."""

    def read(value: Any) -> tuple[T, ...]:
        return tuple(form.read(item) for item in _is(list)(value))

    return Form(f"a list, each item {form.text}", read, lambda items: [form.write(item) for item in items], form.inner)


def by_name(form: Form[T]) -> Form[dict[str, T]]:
    """Return the form of an object with values of one form."""

    def read(value: Any) -> dict[str, T]:
        return {name: form.read(inner) for name, inner in _is(dict)(value).items()}

    def write(items: dict[str, T]) -> dict[str, Any]:
        return {name: form.write(inner) for name, inner in items.items()}

    return Form(f"an object, each value {form.text}", read, write, form.inner)


def row_of(*forms: Form[Any], rest: Form[Any] | None = None) -> Form[tuple[Any, ...]]:
    """Return the form of a list with a value of each form, behind them any number of `rest`."""

    def each(items: Any) -> Iterator[tuple[Form[Any], Any]]:
        if len(items) < len(forms) or (len(items) > len(forms) and rest is None):
            raise ValueError
        return zip_longest(forms, items, fillvalue=rest or TEXT)

    def read(value: Any) -> tuple[Any, ...]:
        return tuple(form.read(item) for form, item in each(_is(list)(value)))

    def write(items: tuple[Any, ...]) -> list[Any]:
        return [form.write(item) for form, item in each(items)]

    more = f", then any number, each {rest.text}" if rest else ""
    return Form(f"a list of {', '.join(form.text for form in forms)}{more}", read, write)


def object_of(kind: type[Any]) -> Form[Any]:
    """Return the form of an object that is a bookmark of its own."""
    return Form("an object", kind.from_state, lambda inner: inner.to_state(), kind)
