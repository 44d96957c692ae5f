"""What the scripts for Python share: whose integration it is, how a user signs in, and how outcomes are compared."""

import os
import sys
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import requests

CLIENT_ID = "test-client"
CLIENT_SECRET = "test-secret"
ORG_ID = "TEST@AdobeOrg"
TECHNICAL_ACCOUNT_ID = "TEST@techacct.adobe.com"
SERVICE_CODE = "test-code"
REDIRECT_URI = "http://127.0.0.1:8000/callback"
RIGHT_KEY = Path("private.key").read_text()
WRONG_KEY = Path("other.key").read_text()


def compare(cases):
    """Runs cases: a name, what the error has to contain, or None if the call must succeed, and the call."""
    all_right = True
    for name, refusal, call in cases:
        said = error_of(call)
        right = said is None if refusal is None else said is not None and refusal in said
        print(f"{'ok' if right else 'WRONG'}: {name}: {said or 'succeeded'}")
        all_right &= right
    sys.exit(not all_right)


def error_of(call):
    """What the exception of `call` says, on one line, or None if there is none."""
    try:
        call()
    except Exception as error:  # Whatever a client raises is what the case is about.
        return " ".join(f"{type(error).__name__} {error}".split())
    return None


def signed_in(url, user):
    """Where the browser of a user who is signed in already would be sent from the page at `url`."""
    answer = requests.get(url, params={"prompt": "none", "login_hint": user}, allow_redirects=False)
    assert answer.status_code == 302, answer.text
    return answer.headers["location"]


def user_tokens():
    """The tokens of a user who has signed in with a code."""
    url = os.environ["IMS_URL"]
    page = f"{url}/ims/authorize/v2?client_id={CLIENT_ID}&redirect_uri={REDIRECT_URI}&response_type=code&scope=openid"
    code = parse_qs(urlsplit(signed_in(page, "ADA@AdobeID")).query)["code"][0]
    form = {"grant_type": "authorization_code", "client_id": CLIENT_ID, "client_secret": CLIENT_SECRET, "code": code}
    return requests.post(f"{url}/ims/token/v3", data=form).json()
