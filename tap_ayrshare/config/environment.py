"""Settings in environment variables, as shells, Docker, Kubernetes and Windows hand them over."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

ENVIRONMENT = "TAP_AYRSHARE_"
"""What the environment variables of the settings begin with."""


def variables(settings: Iterable[str]) -> dict[str, str]:
    """Return the settings that environment variables set, as text; a blank one is unset."""
    found = {name: plain(os.environ.get(ENVIRONMENT + name.upper(), "")) for name in settings}
    return {name: value for name, value in found.items() if value}


def plain(value: str) -> str:
    """Return a value without white space around it and without a pair of quotes.

    `docker run --env-file` and `kubectl create secret --from-env-file` keep the quotes that a shell removes, and the
    carriage returns of a file from Windows.
    """
    value = value.strip()
    if len(value) > 1 and value[0] in "'\"" and value[1:].find(value[0]) == len(value) - 2:
        value = value[1:-1].strip()
    return value
