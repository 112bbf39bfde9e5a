"""`python -m tests.orchestration`: let Meltano install what the tests need, unless it is there."""

import sys

from demo.processes import ProcessFailedError
from tests.orchestration.conftest import PIPELINE, PLUGINS

if __name__ == "__main__" and not PIPELINE.is_installed(*PLUGINS):
    sys.stderr.write(f"Installing {', '.join(PLUGINS)} with Meltano (about a minute) ...\n")
    try:
        PIPELINE.install(*PLUGINS)
    except ProcessFailedError as failed:
        sys.exit(f"{failed.log.read_text()[-3000:]}\n{failed}")
