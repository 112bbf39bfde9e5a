"""`python -m tap_ayrshare` is the command `tap-ayrshare`."""

from tap_ayrshare.singer.tap import TapAyrshare

TapAyrshare.cli()
