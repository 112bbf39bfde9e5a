"""`python -m tap_ayrshare_report`: the command `tap-ayrshare-report`."""

import sys

from tap_ayrshare_report.command import main

sys.exit(main())
