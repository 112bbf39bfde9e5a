"""The command line."""

from __future__ import annotations

import argparse
import os
import sys
from datetime import datetime, timezone
from importlib.metadata import version
from pathlib import Path

from tap_ayrshare_report.data import Limits, collect
from tap_ayrshare_report.database import FORMS, opened
from tap_ayrshare_report.errors import ReportError
from tap_ayrshare_report.page import page

URL_VARIABLE = "AYRSHARE_REPORT_URL"
DAYS = 180
POSTS = 10_000
DESCRIPTION = "Write a report in one HTML file from the tables that the dbt models of tap-ayrshare have built."
EXAMPLE = f"""\
examples:
  {URL_VARIABLE}=postgresql://user:password@host/database tap-ayrshare-report
  tap-ayrshare-report output/social_media.duckdb --profile acme --output acme.html
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
    add("--days", type=_count, default=DAYS, help="days up to the newest snapshot (default %(default)s)")
    add("--posts", type=_count, default=POSTS, help="at most so many posts, the newest (default %(default)s)")
    add("--title", default="Social media report", help="title of the report")
    add("--version", action="version", version=f"%(prog)s {version('tap-ayrshare')}")
    return parser.parse_args(arguments)


def main(arguments: list[str] | None = None) -> int:
    """Write the report; return 0, or 1 if it can't be written and stderr says why."""
    chosen = options(arguments)
    try:
        url = chosen.url or os.environ.get(URL_VARIABLE)
        if not url:
            raise ReportError(f"which database? Give its URL, or set {URL_VARIABLE}: {FORMS}")
        with opened(url, chosen.schema) as tables:
            data = collect(tables, Limits(chosen.days, chosen.posts, chosen.profile))
        data["title"] = chosen.title
        data["written"] = datetime.now(timezone.utc).isoformat(timespec="minutes")
        data["version"] = version("tap-ayrshare")
        _write(chosen.output, page(data))
    except ReportError as error:
        sys.stderr.write(f"tap-ayrshare-report: {error}\n")
        return 1
    sys.stderr.write(f"{chosen.output}: {_summary(data)}\n")
    return 0


def _write(path: Path, text: str) -> None:
    try:
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        raise ReportError(f"can't write {path}: {error.strerror or error}") from None


def _summary(data: dict[str, object]) -> str:
    posts, profiles = data["posts_shown"], data["profiles"]
    count = len(profiles) if isinstance(profiles, list) else 0
    return f"{posts:,} posts of {count:,} profile{'s' if count != 1 else ''}, {data['first']} to {data['last']}"


def _count(text: str) -> int:
    if not (text.isascii() and text.isdigit()) or int(text) < 1:
        raise argparse.ArgumentTypeError(f"takes a whole number from 1, not {text!r}")
    return int(text)
