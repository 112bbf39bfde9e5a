"""The command line."""

from __future__ import annotations

import argparse
import base64
import os
import re
import sys
from dataclasses import replace
from datetime import date, datetime, timezone
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tap_ayrshare_report.data import Limits, collect, profiles_of
from tap_ayrshare_report.database import FORMS, opened
from tap_ayrshare_report.errors import ReportError
from tap_ayrshare_report.page import page
from tap_ayrshare_report.printing import print_pdf

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tap_ayrshare_report.database import Tables

URL_VARIABLE = "AYRSHARE_REPORT_URL"
DAYS = 180
POSTS = 10_000
LOGOS = {
    ".png": "image/png",
    ".jpg": "image/jpeg",
    ".jpeg": "image/jpeg",
    ".svg": "image/svg+xml",
    ".webp": "image/webp",
}
LARGEST_LOGO = 1_000_000
DESCRIPTION = "Write a report in one HTML file from the tables that the dbt models of tap-ayrshare have built."
EXAMPLE = f"""\
examples:
  {URL_VARIABLE}=postgresql://user:password@host/database tap-ayrshare-report
  tap-ayrshare-report output/social_media.duckdb --profile acme --client-name 'Acme Ltd' --month 2026-10 --pdf
  tap-ayrshare-report output/social_media.duckdb --each-profile --month 2026-10 --output reports/october.html
"""


def options(arguments: list[str] | None) -> argparse.Namespace:
    """Return what the command line says."""
    parser = argparse.ArgumentParser(
        prog="tap-ayrshare-report",
        description=DESCRIPTION,
        epilog=EXAMPLE,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add = parser.add_argument
    add("url", nargs="?", help=f"the database: {FORMS}. Default: {URL_VARIABLE}, which keeps a password out of ps")
    add("--schema", default="ayrshare_models", help="where dbt has built the models (default %(default)s)")
    add("--output", type=Path, default=Path("report.html"), help="the file to write (default %(default)s)")
    add("--profile", action="append", metavar="NAME", help="only this profile; may be repeated")
    add("--each-profile", action="store_true", help="a file for each profile, named after it, for the client's eyes")
    add("--client-name", metavar="NAME", help="the client's name in place of the profile's, for the client's eyes")
    add("--month", type=_month, metavar="YYYY-MM", help="a calendar month against the one before, in place of --days")
    add("--days", type=_count, default=DAYS, help="days up to the newest snapshot (default %(default)s)")
    add("--posts", type=_count, default=POSTS, help="at most so many posts, the newest (default %(default)s)")
    add("--title", default="Social media report", help="title of the report")
    add("--logo", type=Path, metavar="FILE", help=f"an image beside the title ({', '.join(LOGOS)})")
    add("--pdf", action="store_true", help="print it as a PDF too, by the Chromium or Chrome of this machine")
    add("--version", action="version", version=f"%(prog)s {version('tap-ayrshare')}")
    return parser.parse_args(arguments)


def main(arguments: list[str] | None = None) -> int:
    """Write the report; return 0, or 1 if it can't be written and stderr says why."""
    chosen = options(arguments)
    try:
        url = chosen.url or os.environ.get(URL_VARIABLE)
        if not url:
            raise ReportError(f"which database? Give its URL, or set {URL_VARIABLE}: {FORMS}")
        logo = _logo(chosen.logo) if chosen.logo else None
        with opened(url, chosen.schema) as tables:
            for output, limits in _files(chosen, tables):
                _report(tables, output, limits, chosen, logo)
    except ReportError as error:
        sys.stderr.write(f"tap-ayrshare-report: {error}\n")
        return 1
    return 0


def _files(chosen: argparse.Namespace, tables: Tables) -> Iterator[tuple[Path, Limits]]:
    """Yield the files to write, and what is in each."""
    is_client = bool(chosen.each_profile or chosen.client_name)
    limits = Limits(chosen.days, chosen.posts, chosen.profile, chosen.month, is_client)
    if chosen.client_name and (chosen.each_profile or len(chosen.profile or ()) != 1):
        raise ReportError("--client-name is the name of one client: give one --profile with it, and no --each-profile")
    if not chosen.each_profile:
        yield chosen.output, limits
        return
    names = chosen.profile or profiles_of(tables)
    files = {name: chosen.output.with_stem(f"{chosen.output.stem}-{_file_name(name)}") for name in names}
    if len(set(files.values())) < len(files):
        raise ReportError(
            "two profiles would have the same file name: write them one by one, with --profile and --output"
        )
    for name, output in files.items():
        yield output, replace(limits, profiles=[name])


def _report(tables: Tables, output: Path, limits: Limits, chosen: argparse.Namespace, logo: str | None) -> None:
    data = collect(tables, limits)
    if chosen.client_name:
        data["profiles"] = [chosen.client_name]
    data["title"] = chosen.title
    data["logo"] = logo
    data["written"] = datetime.now(timezone.utc).isoformat(timespec="minutes")
    data["version"] = version("tap-ayrshare")
    _write(output, page(data))
    sys.stderr.write(f"{output}: {_summary(data)}\n")
    if chosen.pdf:
        print_pdf(output, output.with_suffix(".pdf"))
        sys.stderr.write(f"{output.with_suffix('.pdf')}: the same, printed\n")


def _write(path: Path, text: str) -> None:
    try:
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        raise ReportError(f"can't write {path}: {error.strerror or error}") from None


def _logo(path: Path) -> str:
    """Return an image as the address that a page can hold."""
    kind = LOGOS.get(path.suffix.lower())
    if kind is None:
        raise ReportError(f"--logo must be an image ({', '.join(LOGOS)}), not {path}")
    try:
        content = path.read_bytes()
    except OSError as error:
        raise ReportError(f"can't read {path}: {error.strerror or error}") from None
    if len(content) > LARGEST_LOGO:
        raise ReportError(f"--logo is too large: {path} has {len(content):,} bytes, at most {LARGEST_LOGO:,} fit")
    return f"data:{kind};base64,{base64.b64encode(content).decode()}"


def _summary(data: dict[str, Any]) -> str:
    posts, count = len(set(data["posts"]["key"])), len(data["profiles"])
    return f"{posts:,} posts of {count:,} profile{'s' if count != 1 else ''}, {data['first']} to {data['last']}"


def _file_name(profile: str) -> str:
    return re.sub(r"[^\w.-]+", "-", profile).strip("-.") or "profile"


def _month(text: str) -> date:
    if not re.fullmatch(r"\d{4}-(0[1-9]|1[0-2])", text, re.ASCII):
        raise argparse.ArgumentTypeError(f"must be a month such as 2026-10, not {text!r}")
    return date.fromisoformat(f"{text}-01")


def _count(text: str) -> int:
    if not (text.isascii() and text.isdigit()) or int(text) < 1:
        raise argparse.ArgumentTypeError(f"takes a whole number from 1, not {text!r}")
    return int(text)
