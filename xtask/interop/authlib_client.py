"""Authlib: sign-in with PKCE, client credentials with Basic authentication, refresh, revocation, and the ID token."""

import os

import requests
from authlib.integrations.requests_client import OAuth2Session
from authlib.jose import JsonWebKey, jwt
from cases import CLIENT_ID, CLIENT_SECRET, REDIRECT_URI, compare, signed_in

URL = os.environ["IMS_URL"]
SCOPE = "openid AdobeID email profile offline_access"


def client(secret=CLIENT_SECRET, **settings):
    method = "client_secret_basic"
    session = OAuth2Session(CLIENT_ID, secret, token_endpoint_auth_method=method, **settings)
    session.trust_env = False
    return session


def by_credentials(secret=CLIENT_SECRET, scope="openid,AdobeID"):
    answer = client(secret).fetch_token(f"{URL}/ims/token/v3", grant_type="client_credentials", scope=scope)
    assert 86_390 < answer["expires_in"] <= 86_400


def by_sign_in():
    session = client(
        scope=SCOPE, redirect_uri=REDIRECT_URI, code_challenge_method="S256",
        revocation_endpoint_auth_method="client_secret_basic",
    )
    verifier = "verifier" * 8
    url, state = session.create_authorization_url(f"{URL}/ims/authorize/v2", code_verifier=verifier, nonce="nonce")
    callback = signed_in(url, "ADA@AdobeID")
    answer = session.fetch_token(
        f"{URL}/ims/token/v3", authorization_response=callback, state=state, code_verifier=verifier,
    )
    keys = JsonWebKey.import_key_set(requests.get(f"{URL}/ims/keys").json())
    claims = jwt.decode(answer["id_token"], keys)
    claims.validate()
    assert claims["sub"] == "ADA@AdobeID" and claims["nonce"] == "nonce"
    assert session.get(f"{URL}/ims/userinfo/v2").json()["email"] == "ada@example.org"
    session.refresh_token(f"{URL}/ims/token/v3")
    assert session.revoke_token(f"{URL}/ims/revoke", token_type_hint="access_token").status_code == 200
    assert session.get(f"{URL}/ims/userinfo/v2").status_code == 401


compare([
    ("client credentials", None, by_credentials),
    ("sign-in, ID token, user info, refresh, revocation", None, by_sign_in),
    ("wrong secret", "invalid client_secret parameter", lambda: by_credentials(secret="wrong")),
    ("unknown scope", "invalid_scope", lambda: by_credentials(scope="unknown")),
])
