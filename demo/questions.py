"""The questions of docs/questions.md: a title and a query each."""

from __future__ import annotations

import re
from dataclasses import dataclass

from demo.pipeline import ROOT

PAGE = ROOT / "docs" / "questions.md"
SECTION = re.compile(r"^## (?P<title>.+?)$.*?^```sql\n(?P<query>.*?)^```$", re.MULTILINE | re.DOTALL)


@dataclass(frozen=True)
class Question:
    """A question and the query that answers it, on the models in the schema `ayrshare_models`."""

    title: str
    query: str


def questions() -> list[Question]:
    """Return all of them, in the page's order."""
    return [Question(found["title"], found["query"]) for found in SECTION.finditer(PAGE.read_text(encoding="utf-8"))]
