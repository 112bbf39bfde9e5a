"""`python -m tap_ayrshare` is the command `tap-ayrshare`."""

from tap_ayrshare.tap import TapAyrshare

TapAyrshare.cli()
