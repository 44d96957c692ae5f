"""aanalytics2: client credentials at the host of IMS alone."""

import aanalytics2
from aanalytics2.config import config_object
from aanalytics2.connector import get_oauth_token_and_expiry_for_config
from cases import CLIENT_ID, CLIENT_SECRET, ORG_ID, TECHNICAL_ACCOUNT_ID, compare


def token(client_id=CLIENT_ID, secret=CLIENT_SECRET, scopes="openid,AdobeID"):
    aanalytics2.configure(ORG_ID, TECHNICAL_ACCOUNT_ID, secret, client_id, scopes=scopes)
    answer = get_oauth_token_and_expiry_for_config(config_object)
    if isinstance(answer, str):  # The client hands the answer of IMS on as text.
        raise RuntimeError(answer)
    assert answer["token"].count(".") == 2 and 86_390 < answer["expiry"] <= 86_400


compare([
    ("a token", None, token),
    ("wrong client id", "invalid client_id parameter", lambda: token(client_id="unknown-client")),
    ("wrong secret", "invalid client_secret parameter", lambda: token(secret="wrong")),
    ("unknown scope", "invalid_scope", lambda: token(scopes="unknown")),
])
