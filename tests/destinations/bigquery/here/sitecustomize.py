"""Reaches into the loader's process: no key of a service account, and no waiting for a consistency that is there."""

import os
import time

if "BIGQUERY_EMULATOR_HOST" in os.environ:
    try:
        from google.auth.credentials import AnonymousCredentials
        from google.cloud import bigquery
    except ImportError:
        pass
    else:

        def anonymous(cls, _info, **settings):
            return cls(credentials=AnonymousCredentials(), **settings)

        bigquery.Client.from_service_account_info = classmethod(anonymous)
        sleep = time.sleep
        time.sleep = lambda seconds: sleep(min(seconds, 0.1))
