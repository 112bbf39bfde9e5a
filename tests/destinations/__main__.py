"""`python -m tests.destinations`: let Meltano install what the tests need, unless it is there."""

import sys

from demo.processes import ProcessFailedError
from tests.destinations import mariadb
from tests.destinations.conftest import PIPELINE, PLUGINS


def main() -> None:
    if not mariadb.is_installed():
        sys.stderr.write(f"{mariadb.MISSING}\n")
    if PIPELINE.is_installed(*PLUGINS):
        return
    sys.stderr.write(f"Installing {', '.join(PLUGINS)} with Meltano (a few minutes) ...\n")
    try:
        PIPELINE.install(*PLUGINS)
    except ProcessFailedError as failed:
        sys.exit(f"{failed.log.read_text()[-3000:]}\n{failed}")


if __name__ == "__main__":
    main()
