"""pdfservices-sdk: a JWT whose `exp` is in milliseconds, at the `ims_base_uri` of its credentials file."""

import json
import os
from pathlib import Path
from urllib.request import urlopen

from adobe.pdfservices.operation.auth.credentials import Credentials
from adobe.pdfservices.operation.exception.exceptions import SdkException
from adobe.pdfservices.operation.execution_context import ExecutionContext
from cases import CLIENT_ID, CLIENT_SECRET, ORG_ID, TECHNICAL_ACCOUNT_ID, compare


def token(key="private.key", client_id=CLIENT_ID, secret=CLIENT_SECRET, org_id=ORG_ID, claim="ent_documentcloud_sdk"):
    url = os.environ["IMS_URL"]
    file = Path("pdfservices-api-credentials.json").absolute()
    file.write_text(json.dumps({
        "client_credentials": {"client_id": client_id, "client_secret": secret},
        "service_account_credentials": {
            "organization_id": org_id,
            "account_id": TECHNICAL_ACCOUNT_ID,
            "private_key_file": str(Path(key).absolute()),
            "ims_base_uri": url,
            "claim": f"{url}/s/{claim}",
        },
    }))
    credentials = Credentials.service_account_credentials_builder().from_file(str(file)).build()
    try:
        session = ExecutionContext.create(credentials).authenticator.session_token()
    except SdkException as error:
        # The SDK looks for an object where the answers of IMS have a string, so its error does not say which it was.
        with urlopen(f"{url}/_emulator/requests") as verdicts:
            verdict = json.load(verdicts)[-1]
        raise RuntimeError(f"{verdict['error']}: {verdict['remedy']}") from error
    assert session.access_token.count(".") == 2


compare([
    ("a token", None, token),
    ("wrong key", "invalid_signature", lambda: token(key="other.key")),
    ("wrong client id", "Use the Client ID", lambda: token(client_id="unknown-client")),
    ("wrong secret", "Use a client secret", lambda: token(secret="wrong")),
    ("wrong organization", "invalid_signature", lambda: token(org_id="OTHER@AdobeOrg")),
    ("unknown metascope", "invalid_scope", lambda: token(claim="ent_unknown_sdk")),
])
