"""PyJWT: an assertion signed as Adobe's documents sign it in Python, and tokens verified with its client for JWKS."""

import os
import time

import jwt
import requests
from cases import CLIENT_ID, CLIENT_SECRET, ORG_ID, RIGHT_KEY, TECHNICAL_ACCOUNT_ID, WRONG_KEY, compare, user_tokens

URL = os.environ["IMS_URL"]


def exchanged(key=RIGHT_KEY, algorithm="RS256", **changed):
    claims = {
        "exp": int(time.time()) + 300,
        "iss": ORG_ID,
        "sub": TECHNICAL_ACCOUNT_ID,
        "aud": f"https://ims-na1.adobelogin.com/c/{CLIENT_ID}",
        "https://ims-na1.adobelogin.com/s/ent_dataservices_sdk": True,
    } | changed
    assertion = jwt.encode(claims, key, algorithm=algorithm)
    form = {"client_id": CLIENT_ID, "client_secret": CLIENT_SECRET, "jwt_token": assertion}
    answer = requests.post(f"{URL}/ims/exchange/jwt", data=form)
    if not answer.ok:
        raise RuntimeError(answer.text)
    return answer.json()["access_token"]


def verified(token, **settings):
    key = jwt.PyJWKClient(f"{URL}/ims/keys").get_signing_key_from_jwt(token)
    return jwt.decode(token, key, algorithms=["RS256"], **settings)


def access_token():
    claims = verified(exchanged())
    assert claims["client_id"] == CLIENT_ID and claims["expires_in"] == "86400000"


def id_token():
    claims = verified(user_tokens()["id_token"], audience=CLIENT_ID)
    assert claims["sub"] == "ADA@AdobeID"


compare([
    ("exchange, and the signature of the access token", None, access_token),
    ("an ID token", None, id_token),
    ("wrong key", "invalid_signature", lambda: exchanged(key=WRONG_KEY)),
    ("PS256", "invalid_signature", lambda: exchanged(algorithm="PS256")),
    ("exp is a text", "invalid_token", lambda: exchanged(exp=str(int(time.time()) + 300))),
    ("another audience", "invalid_client", lambda: exchanged(aud="https://ims-na1.adobelogin.com/c/other-client")),
])
