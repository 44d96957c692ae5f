"""What the wheel promises, tested from its installed form."""

import json
import subprocess
import urllib.error
import urllib.parse
import urllib.request

import pytest

from ims_emulator import Emulator, command, emulator  # noqa: F401 (a fixture)


def exchange(running, secret):
    form = {
        "grant_type": "client_credentials",
        "client_id": running.client_id,
        "client_secret": secret,
        "scope": "openid,AdobeID",
    }
    body = urllib.parse.urlencode(form).encode()
    with urllib.request.urlopen(f"{running.url}/ims/token/v3", data=body) as answer:
        return json.load(answer)


def test_the_fixture_is_an_ims_that_gives_a_token(emulator):  # noqa: F811
    token = exchange(emulator, emulator.client_secret)
    assert token["access_token"].startswith("eyJ")
    assert emulator.requests()[-1]["refusal"] is None


def test_a_refusal_says_why(emulator):  # noqa: F811
    with pytest.raises(urllib.error.HTTPError):
        exchange(emulator, "wrong")
    verdict = emulator.requests()[-1]
    assert verdict["refusal"] is not None and verdict["remedy"]


def test_a_fault_is_injected_and_removed(emulator):  # noqa: F811
    emulator.inject({"fault": "unavailable"})
    with pytest.raises(urllib.error.HTTPError) as refused:
        exchange(emulator, emulator.client_secret)
    assert refused.value.code == 503
    emulator.clear_faults()
    assert exchange(emulator, emulator.client_secret)


def test_what_is_wrong_with_a_scenario_is_said():
    with pytest.raises(RuntimeError, match="nowhere.toml"):
        Emulator("--config", "nowhere.toml")


def test_an_emulator_ends_with_its_block():
    with Emulator() as running:
        url = running.url
    with pytest.raises(OSError):
        urllib.request.urlopen(url, timeout=2)


def test_the_command_comes_with_the_package():
    said = subprocess.run([command(), "--version"], capture_output=True, text=True, check=True)
    assert said.stdout.startswith("ims ")
