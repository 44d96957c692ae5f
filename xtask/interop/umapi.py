"""umapi-client: a JWT and client credentials, at the host of IMS alone."""

from cases import CLIENT_ID, CLIENT_SECRET, ORG_ID, RIGHT_KEY, TECHNICAL_ACCOUNT_ID, WRONG_KEY, compare
from umapi_client.auth import JWTAuth, OAuthS2S


def by_jwt(key=RIGHT_KEY, client_id=CLIENT_ID, secret=CLIENT_SECRET, org_id=ORG_ID):
    auth = JWTAuth(org_id, client_id, secret, TECHNICAL_ACCOUNT_ID, key)
    auth.refresh_token()
    assert auth.token.count(".") == 2


def by_credentials(secret=CLIENT_SECRET):
    auth = OAuthS2S(CLIENT_ID, secret)
    auth.refresh_token()
    assert auth.token.count(".") == 2


compare([
    ("a token for a JWT", None, by_jwt),
    ("a token for client credentials", None, by_credentials),
    ("wrong key", "invalid_signature", lambda: by_jwt(key=WRONG_KEY)),
    ("wrong client id", "invalid client_id parameter", lambda: by_jwt(client_id="unknown-client")),
    ("wrong secret", "invalid client_secret parameter", lambda: by_jwt(secret="wrong")),
    ("wrong organization", "invalid_signature", lambda: by_jwt(org_id="OTHER@AdobeOrg")),
    ("client credentials, wrong secret", "invalid client_secret parameter", lambda: by_credentials(secret="wrong")),
])
