"""Reports in a real browser: Debian's Chromium, driven by Playwright."""

from __future__ import annotations

import shutil
from dataclasses import dataclass, field
from os import geteuid
from typing import TYPE_CHECKING, Any

import pytest
from playwright.sync_api import sync_playwright

from tap_ayrshare_report.command import main

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from playwright.sync_api import Browser, Page

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
DESKTOP = {"width": 1280, "height": 900}
PHONE = {"width": 390, "height": 844}


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    assert CHROMIUM, "Chromium is missing, and without it the report is not tested: apt-get install chromium"
    # Its sandbox doesn't work for root, who runs CI.
    arguments = ["--no-sandbox"] if geteuid() == 0 else []
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=CHROMIUM, args=arguments)
        yield started
        started.close()


@dataclass
class Shown:
    """A report in a page: what the console said, and what it asked for beside the file itself."""

    page: Page
    said: list[str] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)

    def text(self, selector: str) -> str:
        return self.page.locator(selector).inner_text()

    def choose(self, profile: str | None = None, period: str | None = None) -> None:
        if profile:
            self.page.select_option("#profile", label=profile)
        if period:
            self.page.select_option("#period", label=period)

    def drawn(self) -> dict[str, int]:
        """How many shapes each chart has."""
        script = """() => Object.fromEntries([...document.querySelectorAll('.chart')].map(
            (chart) => [chart.closest('section').id, chart.querySelectorAll('svg path').length]))"""
        return self.page.evaluate(script)

    def tile(self, title: str) -> list[str]:
        tile = self.page.locator(".tile", has=self.page.get_by_role("heading", name=title, exact=True))
        return tile.inner_text().split("\n")

    def numbers(self, section: str) -> list[list[str]]:
        """The table behind a chart."""
        if not self.page.locator(f"#{section} table").count():
            self.page.locator(f"#{section} summary").first.click()
            self.page.locator(f"#{section} table").wait_for()
        script = """(rows) => rows.map((row) => [...row.cells].map((cell) => cell.innerText.trim()))"""
        return self.page.locator(f"#{section} table tr").evaluate_all(script)


@pytest.fixture
def show(browser: Browser) -> Iterator[Any]:
    """Open a report; at the end, nothing may have been said on its console, nor asked for."""
    contexts, reports = [], []

    def opened(path: Path, *, is_sound: bool = True, **options: Any) -> Shown:
        context = browser.new_context(**{"viewport": DESKTOP, **options})
        contexts.append(context)
        shown = Shown(context.new_page())
        shown.page.on("console", lambda message: shown.said.append(f"{message.type}: {message.text}"))
        shown.page.on("pageerror", lambda error: shown.said.append(f"error: {error}"))
        shown.page.on("request", lambda request: shown.asked.append(request.url))
        shown.page.goto(path.as_uri())
        end = (
            "document.documentElement.dataset.ready === 'true'"
            if is_sound
            else "!document.querySelector('#trouble').hidden"
        )
        shown.page.wait_for_function(end, timeout=60_000)
        reports.append((shown, path.as_uri()))
        return shown

    yield opened
    for shown, address in reports:
        assert shown.said == []
        assert [url for url in shown.asked if url != address] == []
    for context in contexts:
        context.close()


def written(models: Path, *options: str) -> Path:
    """Write the report of a DuckDB file."""
    path = models.with_suffix(".html")
    assert main([str(models), "--output", str(path), *options]) == 0
    return path
