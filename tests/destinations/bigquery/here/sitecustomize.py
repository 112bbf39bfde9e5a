"""Reaches into the loader's process: no key of a service account, and no waiting for a consistency that is there.

TEST_RECORD_AGE: the minutes after which the target lets out its state.
"""

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

if "TEST_RECORD_AGE" in os.environ:
    from target_bigquery.target import TargetBigQuery

    TargetBigQuery._MAX_RECORD_AGE_IN_MINUTES = float(os.environ["TEST_RECORD_AGE"])
