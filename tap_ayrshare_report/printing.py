"""A PDF of a report, printed by the Chromium or Chrome of this machine."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from typing import TYPE_CHECKING

from tap_ayrshare_report.errors import ReportError

if TYPE_CHECKING:
    from pathlib import Path

BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome", "microsoft-edge")
SECONDS = 120


def print_pdf(page: Path, output: Path) -> None:
    """Print an HTML file.

    Raises:
        ReportError: there is no browser, or it can't print.
    """
    browser = next(filter(None, map(shutil.which, BROWSERS)), None)
    if browser is None:
        raise ReportError(f"--pdf needs one of {', '.join(BROWSERS)} in PATH; print {page} from your browser instead")
    with tempfile.TemporaryDirectory() as profile:
        command = [
            browser, "--headless=new", "--disable-gpu", "--no-first-run", f"--user-data-dir={profile}",
            # Its sandbox doesn't work for root.
            *(["--no-sandbox"] if hasattr(os, "geteuid") and os.geteuid() == 0 else []),
            "--no-pdf-header-footer", "--virtual-time-budget=20000", f"--print-to-pdf={output.resolve()}",
            page.resolve().as_uri(),
        ]  # fmt: skip
        output.unlink(missing_ok=True)
        try:
            done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=SECONDS)  # noqa: S603
        except subprocess.TimeoutExpired:
            raise ReportError(f"{browser} has not printed {page} within {SECONDS} seconds") from None
    if done.returncode or not output.is_file():
        lines = [line for line in done.stderr.splitlines() if line.strip()]
        raise ReportError(f"{browser} can't print {page}: {lines[-1] if lines else f'exit code {done.returncode}'}")
