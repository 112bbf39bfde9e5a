"""`tap-ayrshare-contract`: compares Singer output or saved API bodies with the contract, for users' own CI."""

from __future__ import annotations

import argparse
import json
import sys
from collections import Counter, defaultdict
from dataclasses import asdict, dataclass
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tap_ayrshare.ayrshare.contract import NETWORKS, contract_version, declared_streams, stream_contract, tap_version
from tap_ayrshare.ayrshare.envelopes import good_blocks, good_elements
from tap_ayrshare.ayrshare.fields import (
    ANY_KEY,
    BESIDE,
    ELEMENT,
    NEW,
    TYPE,
    Departure,
    compare,
    declared,
    json_type,
)
from tap_ayrshare.ayrshare.lists import plain
from tap_ayrshare.engine.values import objects, parse_json

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Sequence

STREAMS = declared_streams()
MESSAGES = ("RECORD", "SCHEMA", "STATE", "ACTIVATE_VERSION", "BATCH")
GONE = "gone"
FINDINGS = (NEW, GONE, TYPE)
IDENTITY = ("stream", "network", "field", "finding", "seen")
AGREES, DEPARTS, UNUSABLE = 0, 1, 2
ANY = "all"
OF_LISTS = {"commentId": ("comments", "comment"), "review": ("reviews", "review")}
"""The streams and bodies of the elements of networks' lists, by a field that marks them."""
UNSURE = ("inferred", "scripts, commented out")
"""Sources of fields whose absence says nothing."""


class UnusableInput(Exception):
    """The input is neither Singer output nor a body of the API, or the file of known findings is none."""


@dataclass(frozen=True)
class Finding:
    """A field that departs from the contract.

    finding: `new`, `gone` or `type`; seen: JSON type of its value, empty where it is gone; known: the types of the
    contract; times: how many values departed.
    """

    stream: str
    network: str
    field: str
    finding: str
    seen: str
    known: str
    times: int


class Comparison:
    """What has been compared so far."""

    def __init__(self) -> None:
        self.compared = 0
        self._departures: Counter[tuple[str, str, Departure]] = Counter()
        self._bodies: dict[tuple[str, str, str], set[str]] = defaultdict(set)
        self._columns: dict[str, set[str]] = defaultdict(set)

    def take_body(self, stream: str, body: str, network: str | None, value: Any) -> None:
        """Compare a body with its known fields; see `fields.declared`."""
        for item, found in compare(body, network, value, body if body in BESIDE else ""):
            self.compared += 1
            self._departures.update((stream, network or ANY, departure) for departure in found)
            if item is not None:
                _collect(item, "", self._bodies[stream, network or ANY, body])

    def take_record(self, stream: str, record: dict[str, Any]) -> None:
        """Compare a record with its stream's schema, and the bodies in its columns with their known fields."""
        self.compared += 1
        properties = stream_contract(stream).schema["properties"]
        self._columns[stream].update(record)
        for column, value in record.items():
            types = _types(properties[column]) if column in properties else ()
            seen = json_type(value)
            if not types:
                self._departures[stream, ANY, Departure(NEW, column, seen)] += 1
            elif seen not in types and not (seen == "integer" and "number" in types):
                self._departures[stream, ANY, Departure(TYPE, column, seen, types)] += 1
        platform = record.get("platform")
        for column, body in stream_contract(stream).bodies.items():
            value = record.get(column)
            if value is not None:
                self.take_body(stream, body, platform if isinstance(platform, str) else None, value)

    def take_schema(self, stream: str, schema: dict[str, Any]) -> None:
        """Compare a SCHEMA message with the stream's schema."""
        self.compared += 1
        ours, theirs = stream_contract(stream).schema["properties"], schema.get("properties", {})
        for column in theirs.keys() - ours.keys():
            self._departures[stream, ANY, Departure(NEW, column, "/".join(_types(theirs[column])))] += 1
        for column in ours.keys() & theirs.keys():
            if set(_types(theirs[column])) != set(_types(ours[column])):
                seen = "/".join(_types(theirs[column]))
                self._departures[stream, ANY, Departure(TYPE, column, seen, _types(ours[column]))] += 1
        self._columns[stream].update(theirs)

    def findings(self) -> list[Finding]:
        """Return what departs, by stream, network and field."""
        found = [
            Finding(stream, network, what.path or "the body", what.kind, what.seen, " or ".join(what.known), times)
            for (stream, network, what), times in self._departures.items()
        ]
        for stream, columns in self._columns.items():
            for column, schema in stream_contract(stream).schema["properties"].items():
                if column not in columns:
                    found.append(Finding(stream, ANY, column, GONE, "", " or ".join(_types(schema)), 0))
        for (stream, network, body), seen in self._bodies.items():
            if body == "block":
                continue
            for path, entry in declared(body, None if network == ANY else network).items():
                is_sure = entry["source"] not in UNSURE and ELEMENT not in path and ANY_KEY not in path
                if is_sure and path not in seen:
                    types = entry["type"] if isinstance(entry["type"], list) else [entry["type"]]
                    found.append(Finding(stream, network, path, GONE, "", " or ".join(types), 0))
        return sorted(found, key=lambda one: (one.stream, one.network, FINDINGS.index(one.finding), one.field))


def _types(schema: dict[str, Any]) -> tuple[str, ...]:
    types = schema.get("type", ())
    return tuple(sorted([types] if isinstance(types, str) else types))


def _collect(value: Any, path: str, seen: set[str]) -> None:
    """Add the paths of all fields that have a value."""
    for key, item in value.items() if isinstance(value, dict) else ():
        below = f"{path}.{key}" if path else key
        if item is not None:
            seen.add(below)
            _collect(item, below, seen)


# What comes in


def take(comparison: Comparison, source: str, raw: bytes, network: str | None) -> None:
    """Compare the contents of a file: one answer of the API, or Singer messages and answers line by line.

    Raises:
        UnusableInput: it is neither, or holds nothing of which the contract speaks.
    """
    if not raw.strip():
        raise UnusableInput(f"{source} is empty")
    try:
        document = parse_json(raw)
    except ValueError:
        document = None
    for place, value in [(source, document)] if document is not None else _lines(source, raw):
        if isinstance(value, dict) and value.get("type") in MESSAGES:
            _take_message(comparison, value)
        else:
            _take_answer(comparison, place, value, network)


def _lines(source: str, raw: bytes) -> Iterator[tuple[str, Any]]:
    for number, line in enumerate(raw.splitlines(), 1):
        if line.strip():
            try:
                yield f"{source}, line {number}", parse_json(line)
            except ValueError:
                raise UnusableInput(f"{source}, line {number} isn't JSON") from None


def _take_message(comparison: Comparison, message: dict[str, Any]) -> None:
    stream = message.get("stream")
    if not isinstance(stream, str) or stream not in STREAMS:
        return
    if message["type"] == "RECORD" and isinstance(message.get("record"), dict):
        comparison.take_record(stream, message["record"])
    elif message["type"] == "SCHEMA" and isinstance(message.get("schema"), dict):
        comparison.take_schema(stream, message["schema"])


def _take_answer(comparison: Comparison, source: str, body: Any, network: str | None) -> None:
    """Compare an answer of the API; its shape says which endpoint returned it."""
    parts = list(_parts(body, network))
    if not parts:
        hint = "" if network else "; an answer of GET /history/:platform needs --network"
        raise UnusableInput(f"{source} is neither Singer output nor an answer that the contract knows{hint}")
    for stream, name, of_network, value in parts:
        comparison.take_body(stream, name, of_network, value)


def _parts(body: Any, network: str | None) -> Iterator[tuple[str, str, str | None, Any]]:
    """Yield the bodies in an answer: stream, which body, network, value."""
    if isinstance(body, list):
        is_links = any(isinstance(item, dict) and "shortLink" in item for item in body)
        yield ("link_analytics", "link", None, body) if is_links else ("youtube_playlists", "playlist", None, body)
        return
    if not isinstance(body, dict):
        return
    lists = {
        **_declared_lists(),
        "history": ("posts", "history_post"),
        "analytics": ("link_analytics", "link"),
        "messages": ("messages", "message"),
        "adaccounts": ("ad_accounts", "ad_account"),
    }
    if any("spendDate" in item for item in objects(body.get("history"))):
        lists["history"] = ("ad_spend_daily", "ad_day")
    for key, listed in body.items():
        if plain(key) in lists and isinstance(listed, (list, dict)):
            stream, name = lists[plain(key)]
            is_keyed = isinstance(listed, dict) and STREAMS[stream].get("is_keyed")
            yield stream, name, None, [*listed.values()] if isinstance(listed, dict) and is_keyed else listed
    if isinstance(body.get("posts"), list) and network:
        yield "social_posts", "native", network, body["posts"]
    if not body.keys().isdisjoint(("activeSocialAccounts", "displayNames", "monthlyApiCalls")):
        yield "accounts", "user", None, body
        for entry in objects(body.get("displayNames")):
            yield "accounts", "display_name", str(entry.get("platform")).lower(), entry
    yield from _blocks(body)


def _declared_lists() -> dict[str, tuple[str, str]]:
    """Return, by the names of the lists that schemas declare, the stream and which body their items are."""
    found = {}
    for name, said in STREAMS.items():
        if "items" in said and said.get("bodies"):
            found[plain(said["items"])] = (name, next(iter(said["bodies"].values())))
    return found


def _blocks(body: dict[str, Any]) -> Iterator[tuple[str, str, str | None, Any]]:
    for name, block in good_blocks(body).items():
        for one in good_elements(block):
            if own := next((which for mark, which in OF_LISTS.items() if mark in one), None):
                yield *own, None, one
                continue
            of_post = "id" in one or "postUrl" in one
            stream = "post_analytics" if of_post else "social_analytics"
            yield stream, "post" if of_post else "account", name, one.get("analytics")
            yield stream, "block", name, {key: value for key, value in one.items() if key != "analytics"}


# What is known already


class Known:
    """The findings that a user has accepted, in a file of theirs."""

    def __init__(self, path: Path, *, is_written: bool) -> None:
        """Read the file; one that will be written need not exist.

        Raises:
            UnusableInput: it isn't there, or is no such file.
            OSError: it can't be read.
        """
        self._path = path
        self._known: set[tuple[str, ...]] = set()
        if not path.exists():
            if is_written:
                return
            raise UnusableInput(f"{path} isn't there; --accept writes it")
        try:
            self._known = {
                tuple(str(entry[name]) for name in IDENTITY) for entry in json.loads(path.read_bytes())["known"]
            }
        except (ValueError, KeyError, TypeError):
            raise UnusableInput(f"{path} isn't a file that --accept wrote") from None

    def __contains__(self, finding: Finding) -> bool:
        return self._identity(finding) in self._known

    def accept(self, findings: Iterable[Finding]) -> None:
        """Add findings to the file.

        Raises:
            OSError: it can't be written.
        """
        self._known |= {self._identity(one) for one in findings}
        entries = [dict(zip(IDENTITY, one, strict=True)) for one in sorted(self._known)]
        content = {"contract": contract_version(), "known": entries}
        self._path.write_text(json.dumps(content, indent=2) + "\n", encoding="utf-8")

    def _identity(self, one: Finding) -> tuple[str, ...]:
        """Return what makes a finding the same next time; a new field may be null today and a number tomorrow."""
        return (one.stream, one.network, one.field, one.finding, one.seen if one.finding == TYPE else "")


# What goes out


def as_text(findings: Sequence[Finding], compared: int, accepted: int, failing: Collection[str]) -> str:
    """Return the findings for people: a line for each, and a line for all that are gone unless they fail."""
    lines = []
    listed = [one for one in findings if one.finding != GONE or GONE in failing]
    for (stream, network), group in groupby(listed, key=lambda one: (one.stream, one.network)):
        lines.append(f"{stream}, {network}")
        for one in group:
            says = f"the contract says {one.known}" if one.known else "not in the contract"
            seen = f"{one.seen}, {one.times} times" if one.seen else "not in the input"
            lines.append(f"  {one.finding:<5}{one.field}  ({seen}; {says})")
    counts = Counter(one.finding for one in findings)
    if counts[GONE] and GONE not in failing:
        lines.append(f"{counts[GONE]} fields of the contract aren't in the input, which is normal for a small one")
    summary = ", ".join(f"{counts[name]} {name}" for name in FINDINGS)
    known = f", {accepted} known" if accepted else ""
    lines.append(f"contract {contract_version()}: {compared} bodies and records compared: {summary}{known}")
    return "\n".join(lines)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; return its exit code: 0 agrees, 1 departs, 2 the input can't be used."""
    parser = argparse.ArgumentParser(
        prog="tap-ayrshare-contract",
        description="Compare Singer output of tap-ayrshare, or saved answers of the Ayrshare API, with the contract.",
        epilog="Exit code: 0 agrees, 1 departs (see --fail-on), 2 the input can't be used.",
    )
    parser.add_argument(
        "--version", action="version", version=f"%(prog)s {tap_version()}, contract {contract_version()}"
    )
    parser.add_argument("files", nargs="*", default=["-"], help="files to read; - is stdin (default)")
    parser.add_argument(
        "--network", choices=sorted(NETWORKS), help="whose native posts answers of /history/:platform are"
    )
    parser.add_argument(
        "--fail-on", default="new,type", help="findings that give exit code 1: new, gone, type, with commas; or none"
    )
    parser.add_argument("--known", type=Path, metavar="FILE", help="findings accepted earlier, which don't fail again")
    parser.add_argument("--accept", action="store_true", help="add today's failing findings to the --known FILE")
    parser.add_argument("--json", action="store_true", help="print the findings as JSON")
    args = parser.parse_args(arguments)
    failing = set(args.fail_on.split(",")) - {"none", ""}
    if unknown := failing - set(FINDINGS):
        parser.error(f"--fail-on takes {', '.join(FINDINGS)} or none, not {', '.join(sorted(unknown))}")
    if args.accept and not args.known:
        parser.error("--accept needs --known FILE, where it writes")
    comparison = Comparison()
    try:
        known = Known(args.known, is_written=args.accept) if args.known else ()
        for file in args.files:
            raw = sys.stdin.buffer.read() if file == "-" else Path(file).read_bytes()
            take(comparison, "stdin" if file == "-" else file, raw, args.network)
        if not comparison.compared:
            raise UnusableInput("there is nothing of which the contract speaks in the input")
        found = comparison.findings()
        if isinstance(known, Known) and args.accept:
            known.accept(one for one in found if one.finding in failing)
    except (OSError, UnusableInput, RecursionError) as wrong:
        sys.stderr.write(f"tap-ayrshare-contract: {wrong}\n")
        return UNUSABLE
    findings = [one for one in found if one not in known]
    accepted = len(found) - len(findings)
    if args.json:
        report = {
            "contract": contract_version(), "compared": comparison.compared,
            "findings": [asdict(one) for one in findings], "accepted": accepted,
        }  # fmt: skip
        print(json.dumps(report, indent=2))  # noqa: T201 - the command's output
    else:
        print(as_text(findings, comparison.compared, accepted, failing))  # noqa: T201 - the command's output
    return DEPARTS if any(one.finding in failing for one in findings) else AGREES


if __name__ == "__main__":
    sys.exit(main())
