"""requests-oauthlib: client credentials with Basic authentication and in the body, sign-in, refresh."""

import os

from cases import CLIENT_ID, CLIENT_SECRET, REDIRECT_URI, compare, signed_in
from oauthlib.oauth2 import BackendApplicationClient
from requests.auth import HTTPBasicAuth
from requests_oauthlib import OAuth2Session

os.environ["OAUTHLIB_INSECURE_TRANSPORT"] = "1"
URL = os.environ["IMS_URL"]
SCOPE = ["openid", "AdobeID", "offline_access"]


def by_credentials(secret=CLIENT_SECRET, **settings):
    session = OAuth2Session(client=BackendApplicationClient(CLIENT_ID, scope=["openid,AdobeID"]))
    answer = session.fetch_token(f"{URL}/ims/token/v3", client_secret=secret, **settings)
    assert 86_390 < answer["expires_in"] <= 86_400


def by_sign_in():
    session = OAuth2Session(CLIENT_ID, scope=SCOPE, redirect_uri=REDIRECT_URI, pkce="S256")
    url, _ = session.authorization_url(f"{URL}/ims/authorize/v2")
    answer = session.fetch_token(
        f"{URL}/ims/token/v3",
        authorization_response=signed_in(url, "ADA@AdobeID"),
        client_secret=CLIENT_SECRET,
    )
    assert session.get(f"{URL}/ims/profile/v3").json()["userId"] == "ADA@AdobeID"
    refreshed = session.refresh_token(
        f"{URL}/ims/token/v3",
        refresh_token=answer["refresh_token"],
        auth=HTTPBasicAuth(CLIENT_ID, CLIENT_SECRET),
    )
    assert refreshed["access_token"] != answer["access_token"]


compare([
    ("client credentials, Basic", None, by_credentials),
    ("client credentials in the body", None, lambda: by_credentials(include_client_id=True)),
    ("sign-in, profile, refresh", None, by_sign_in),
    ("wrong secret", "invalid client_secret parameter", lambda: by_credentials(secret="wrong")),
])
