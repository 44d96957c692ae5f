"""A local Adobe IMS for tests, and a pytest fixture that starts it.

    from ims_emulator import emulator

    def test_a_token_is_exchanged(emulator):
        client = MyClient(ims_url=emulator.url, client_id=emulator.client_id, client_secret=emulator.client_secret)
        assert client.token()
        assert emulator.requests()[-1]["refusal"] is None

The wheel contains the command ``ims``, which is the emulator.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import sysconfig
import threading
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any, Sequence

__all__ = ["Emulator", "command", "emulator"]

#: How many seconds an answer of the emulator may take.
TIMEOUT = 10


def command() -> str:
    """The path of the command ``ims`` that came with this package, else the one on the search path."""
    name = "ims.exe" if os.name == "nt" else "ims"
    schemes = [sysconfig.get_path("scripts")]
    if sys.version_info >= (3, 10):
        schemes.append(sysconfig.get_path("scripts", sysconfig.get_preferred_scheme("user")))
    for folder in schemes:
        path = Path(folder) / name
        if path.is_file():
            return str(path)
    found = shutil.which("ims")
    if found is None:
        raise FileNotFoundError(f"the command ims is neither in {schemes[0]} nor on the search path")
    return found


class Emulator:
    """A running emulator. It listens on 127.0.0.1 only, and ends with its ``with`` block or ``stop``.

    It has one OAuth Server-to-Server integration, that of ``client_id`` and ``client_secret``. ``arguments`` are for
    ``ims emulator``: a scenario (``--config``), credentials (``-c``), and so on.
    """

    client_id = "test-client"
    client_secret = "test-secret"
    org_id = "TEST@AdobeOrg"
    technical_account_id = "TEST@techacct.adobe.com"
    scopes = ("openid", "AdobeID")

    def __init__(self, *arguments: str) -> None:
        call: Sequence[str] = [command(), "emulator", "--quiet", *arguments]
        self._process = subprocess.Popen(
            call, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )
        assert self._process.stdout is not None
        #: Its base URL, such as http://127.0.0.1:41234.
        self.url = self._process.stdout.readline().strip()
        if not self.url:
            said = self._process.communicate()[1]
            raise RuntimeError(f"the emulator did not start: {said.strip()}")
        # A pipe that no one reads would fill.
        threading.Thread(target=self._read_to_end, daemon=True).start()
        self.add_integration(
            {
                "client_id": self.client_id,
                "client_secrets": [self.client_secret],
                "org_id": self.org_id,
                "technical_account_id": self.technical_account_id,
                "scopes": list(self.scopes),
            }
        )

    def _read_to_end(self) -> None:
        if self._process.stderr is not None:
            self._process.stderr.read()

    def requests(self, after: int = 0) -> list[dict[str, Any]]:
        """The verdicts on all requests after number ``after``. ``refusal`` is ``None`` if there was none."""
        return self._call("GET", f"requests?after={after}")

    def add_integration(self, integration: dict[str, Any]) -> None:
        """Adds an integration, or replaces the one with its client id. The members are those of a scenario."""
        self._call("POST", "integrations", integration)

    def inject(self, fault: dict[str, Any]) -> None:
        """Makes something go wrong, such as ``{"fault": "unavailable", "times": 2}``. The members are those of a scenario."""
        self._call("POST", "faults", fault)

    def clear_faults(self) -> None:
        """Nothing goes wrong any more."""
        self._call("DELETE", "faults")

    def stop(self) -> None:
        """Ends it. A second call does nothing."""
        self._process.terminate()
        try:
            self._process.wait(timeout=TIMEOUT)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        if self._process.stdout is not None:
            self._process.stdout.close()

    def _call(self, method: str, path: str, body: Any = None) -> Any:
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(f"{self.url}/_emulator/{path}", data=data, method=method)
        request.add_header("Content-Type", "application/json")
        # The emulator is on this machine, whatever proxy the environment names.
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        try:
            with opener.open(request, timeout=TIMEOUT) as answer:
                text = answer.read()
        except urllib.error.HTTPError as error:
            raise ValueError(error.read().decode()) from None
        return json.loads(text) if text else None

    def __enter__(self) -> "Emulator":
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()


try:
    import pytest
except ImportError:
    # Without pytest, `Emulator` is used in a `with` block.
    def emulator() -> None:
        """A pytest fixture; pytest is not installed."""
        raise ImportError("ims_emulator.emulator is a pytest fixture: pip install pytest")
else:

    @pytest.fixture
    def emulator():  # type: ignore[no-redef]
        """A fresh emulator for each test; see :class:`Emulator`."""
        with Emulator() as running:
            yield running
