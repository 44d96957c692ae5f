"""aepp: client credentials at the host of IMS alone."""

import contextlib
import io

import aepp
from aepp.connector import AdobeRequest
from cases import CLIENT_ID, CLIENT_SECRET, ORG_ID, TECHNICAL_ACCOUNT_ID, compare


def token(client_id=CLIENT_ID, secret=CLIENT_SECRET, scopes="openid,AdobeID"):
    aepp.configure(ORG_ID, TECHNICAL_ACCOUNT_ID, secret, client_id, scopes=scopes)
    printed = io.StringIO()
    try:
        with contextlib.redirect_stdout(printed):
            request = AdobeRequest(aepp.config.config_object)
    except KeyError as error:  # The client prints the answer of IMS, then looks for what is not in it.
        raise RuntimeError(printed.getvalue()) from error
    assert request.token.count(".") == 2


compare([
    ("a token", None, token),
    ("wrong client id", "invalid client_id parameter", lambda: token(client_id="unknown-client")),
    ("wrong secret", "invalid client_secret parameter", lambda: token(secret="wrong")),
    ("unknown scope", "invalid_scope", lambda: token(scopes="unknown")),
])
