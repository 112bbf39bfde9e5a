"""Whether a run on a mutant lost something without a word."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from tap_ayrshare.ayrshare.contract import stream_contract
from tap_ayrshare.engine.messages import Status

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from tests.mutants.runs import Run

BOOKKEEPING = {"profile", "platform", "extracted_at", "snapshot_date", "thread_index"}
Row = tuple[str, dict[str, Any]]


@dataclass(frozen=True)
class Loss:
    """What a mutant cost without a word.

    kind: `rows` that are missing, `values` of another column or of a whole row, `crash`.
    """

    kind: str
    stream: str
    what: str


def losses(plain: Run, mutant: Run, fed: set[tuple[str, str]]) -> Iterator[Loss]:
    """Yield what is missing from a run and not said by it.

    A drift finding, which is a line in the log, is enough for a column; for a row it isn't.

    Args:
        plain: the run on the body as it is.
        mutant: the run on the body with one node changed.
        fed: the columns that the node feeds, with their streams; see `columns_fed`.
    """
    if "unexpected error" in mutant.error:
        yield Loss("crash", "all", mutant.error)
    elif not _says_more(plain, mutant):
        has_drifted = bool(mutant.departures - plain.departures)
        yield from (loss for loss in _of_rows(plain, mutant, fed) if loss.kind == "rows" or not has_drifted)
        if _says(plain) and not _says(mutant) and len(mutant.rows) <= len(plain.rows):
            yield Loss("rows", plain.issues[0]["stream"], f"nothing said in place of {plain.issues[0]['code']}")


def _of_rows(plain: Run, mutant: Run, fed: set[tuple[str, str]]) -> Iterator[Loss]:
    for stream in sorted({stream for stream, _ in plain.rows}):
        before, after = (_rows(run, stream) for run in (plain, mutant))
        if len(after) < len(before):
            missing = sorted(before.keys() - after.keys())
            yield Loss("rows", stream, f"{len(before) - len(after)} of {len(before)}, among them {missing[0]}")
            continue
        for (key, row), (other, found) in _pairs(before, after):
            changed = {column for column in _changed(row, found) if (stream, column) not in fed}
            if is_emptied(row, found):
                yield Loss("values", stream, f"every metric of {key}")
            elif key == other and changed:
                yield Loss("values", stream, f"{sorted(changed)} of {key}")


def _rows(run: Run, stream: str) -> dict[tuple[Any, ...], dict[str, Any]]:
    keys = stream_contract(stream).key_properties
    return {tuple(str(row[name]) for name in keys): row for name, row in run.rows if name == stream}


def _pairs(before: dict[Any, Any], after: dict[Any, Any]) -> Iterator[tuple[Any, Any]]:
    """Yield rows of the same key, and those whose keys have changed in their order."""
    yield from (((key, row), (key, after[key])) for key, row in before.items() if key in after)
    gone = [item for item in before.items() if item[0] not in after]
    new = [item for item in after.items() if item[0] not in before]
    yield from zip(gone, new, strict=False)


def columns_fed(plain: Run, mutants: Iterable[Run]) -> set[tuple[str, str]]:
    """Return the columns that change where a node is absent, null or another value, each with its stream."""
    return {
        (stream, column)
        for mutant in mutants
        for stream in {stream for stream, _ in plain.rows}
        for (_, row), (_, found) in _pairs(_rows(plain, stream), _rows(mutant, stream))
        for column in _changed(row, found)
    }


def _changed(row: dict[str, Any], found: dict[str, Any]) -> set[str]:
    return {column for column in row if row[column] != found[column] and not _is_raw(row, column)}


def _is_raw(row: dict[str, Any], column: str) -> bool:
    """Return whether a column has a body of the API as it came."""
    return isinstance(row[column], (dict, list))


def is_emptied(row: dict[str, Any], found: dict[str, Any]) -> bool:
    """Return whether a row has lost all of two numbers or more."""
    numbers = [name for name, value in row.items() if _is_number(value) and name not in BOOKKEEPING]
    return len(numbers) > 1 and all(found[name] is None for name in numbers)


def _is_number(value: object) -> bool:
    return value is not None and not isinstance(value, (str, bool, dict, list))


def _says(run: Run) -> bool:
    return bool(run.issues or run.error or any(status is not Status.COMPLETE for status, _ in run.ends.values()))


def _says_more(plain: Run, mutant: Run) -> bool:
    """Return whether a run says of an answer or a stream what the plain one doesn't."""
    issues = {_of_issue(issue) for issue in mutant.issues} - {_of_issue(issue) for issue in plain.issues}
    ends = {name: end for name, end in mutant.ends.items() if end[0] is not Status.COMPLETE}
    worse = {name for name, end in ends.items() if plain.ends.get(name) != end}
    is_other_error = bool(mutant.error) and mutant.error != plain.error
    return bool(issues or worse or is_other_error)


def _of_issue(issue: dict[str, Any]) -> tuple[str, ...]:
    return tuple(str(issue[name]) for name in ("stream", "resource_id", "platform", "code"))
