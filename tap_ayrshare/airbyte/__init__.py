"""Airbyte: the protocol in front of the same run as Singer's, for PyAirbyte and the Airbyte platform.

Facts about the protocol come from airbyte-cdk and docs.airbyte.com/platform/understanding-airbyte/airbyte-protocol.
"""

import sys
from importlib.util import find_spec

if find_spec("airbyte_cdk") is None:
    sys.exit("source-ayrshare needs the Airbyte CDK: pip install 'tap-ayrshare[airbyte]'")
