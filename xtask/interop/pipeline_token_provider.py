"""pipelinepy: a permanent code at the old endpoint, whose `expires_in` is in milliseconds."""

import os
import time

from cases import CLIENT_ID, CLIENT_SECRET, SERVICE_CODE, compare
from pipelinepy.ImsTokenProvider import ImsTokenProvider


def token(client_id=CLIENT_ID, secret=CLIENT_SECRET, code=SERVICE_CODE):
    os.environ.update(IMS_CLIENT_ID=client_id, IMS_CLIENT_SECRET=secret, IMS_CLIENT_CODE=code)
    provider = ImsTokenProvider()
    assert provider.token().count(".") == 2
    # The client refreshes five minutes before the end.
    left = provider._token["expiration_time_ms"] / 1000 - time.time()
    assert 86_000 < left < 86_200, left


compare([
    ("a service token of 24 hours", None, token),
    ("wrong secret", "400", lambda: token(secret="wrong")),
    ("wrong code", "400", lambda: token(code="unknown")),
])
