"""What the scripts for Python share: whose integration it is, and how outcomes are compared."""

import sys
from pathlib import Path

CLIENT_ID = "test-client"
CLIENT_SECRET = "test-secret"
ORG_ID = "TEST@AdobeOrg"
TECHNICAL_ACCOUNT_ID = "TEST@techacct.adobe.com"
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
