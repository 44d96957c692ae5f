"""The emulator next to mock authorization servers from npm, PyPI and crates.io.

    python3 crates/ims-bench/mocks/measure.py FOLDER target/release/ims

FOLDER keeps what is installed. For each server in turn, round after round, this script measures: token requests per second
of the server's processor time, its memory when idle, and the time from its start to its first answer and to its first
token. The mocks check no assertion; `ims` is asked for client credentials, too, and for the exchange of a signed JWT.
"""

import base64
import contextlib
import http.client
import json
import pathlib
import shutil
import socket
import statistics
import subprocess
import sys
import time
import urllib.parse

ROUNDS = 7
REQUESTS = 600
STARTS = 7

HERE = pathlib.Path(__file__).parent
FOLDER = pathlib.Path(sys.argv[1]).resolve()
IMS = pathlib.Path(sys.argv[2]).resolve()
FORM = {"Content-Type": "application/x-www-form-urlencoded"}
BASIC = {**FORM, "Authorization": "Basic " + base64.b64encode(b"bench:bench-secret").decode()}


def install():
    FOLDER.mkdir(parents=True, exist_ok=True)
    for name in ("package.json", "oidc_provider.mjs"):
        shutil.copy(HERE / name, FOLDER)
    run = lambda *command: subprocess.run(command, cwd=FOLDER, check=True, stdout=subprocess.DEVNULL)
    if not (FOLDER / "node_modules").exists():
        run("npm", "install", "--no-audit", "--no-fund", "--silent")
    if not (FOLDER / "venv").exists():
        run(sys.executable, "-m", "venv", "venv")
        run("venv/bin/pip", "install", "--quiet", "oidc-provider-mock==0.3.4")
    if not (FOLDER / "bin/oauth2-test-server").exists():
        run("cargo", "install", "--quiet", "--locked", "--root", str(FOLDER), "oauth2-test-server@0.2.3")


def credentials():
    """An integration for `ims`, with its own key and certificate."""
    folder = FOLDER / "integration"
    if not folder.exists():
        folder.mkdir(mode=0o700)
        subprocess.run(
            ["openssl", "req", "-x509", "-sha256", "-nodes", "-days", "365", "-newkey", "rsa:2048", "-subj", "/CN=bench",
             "-keyout", "private.key", "-out", "certificate_pub.crt"],
            cwd=folder, check=True, stderr=subprocess.DEVNULL)
        (folder / "private.key").chmod(0o600)
    identity = {"client_id": "bench", "org_id": "BENCH@AdobeOrg", "technical_account_id": "BENCH@techacct.adobe.com"}
    for name, members in {
        "credentials.json": {**identity, "client_secret": "bench-secret", "metascopes": ["ent_dataservices_sdk"],
                             "private_key_file": "private.key", "certificate_file": "certificate_pub.crt"},
        "scenario.json": {"integrations": [{**identity, "client_secrets": ["bench-secret"], "scopes": ["openid"],
                                        "metascopes": ["ent_dataservices_sdk"],
                                        "certificate_files": ["certificate_pub.crt"]}]},
    }.items():
        (folder / name).write_text(json.dumps(members))
        (folder / name).chmod(0o600)
    return folder


def post(port, path, form, headers=FORM):
    connection = http.client.HTTPConnection("127.0.0.1", port)
    body = form if isinstance(form, str) else urllib.parse.urlencode(form)
    connection.request("POST", path, body, headers)
    answer = connection.getresponse()
    return answer, answer.read()


CLIENT = {"client_id": "bench", "client_secret": "bench-secret"}
MACHINE = {"grant_type": "client_credentials", "scope": "openid", **CLIENT}


def assertion(_port):
    command = [IMS, "jwt", "sign", "-c", credentials() / "credentials.json"]
    jwt = subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()
    return "/ims/exchange/jwt", {**CLIENT, "jwt_token": jwt}, FORM


def registered(port):
    """The client of oauth2-test-server has to register itself."""
    metadata = json.dumps({"redirect_uris": ["http://127.0.0.1/"], "grant_types": ["client_credentials"], "scope": "openid"})
    _, body = post(port, "/register", metadata, {"Content-Type": "application/json"})
    client = json.loads(body)
    return "/token", {**MACHINE, **{name: client[name] for name in CLIENT}}, FORM


def refreshing(port):
    """oidc-provider-mock has no client_credentials: a user signs in once, and the refresh token is used again and again."""
    query = urllib.parse.urlencode({"client_id": "bench", "redirect_uri": "http://127.0.0.1/", "response_type": "code",
                                    "scope": "openid offline_access"})
    answer, _ = post(port, f"/oauth2/authorize?{query}", {"sub": "user"})
    code = urllib.parse.parse_qs(urllib.parse.urlsplit(answer.headers["Location"]).query)["code"][0]
    _, body = post(port, "/oauth2/token", {"grant_type": "authorization_code", "code": code,
                                           "redirect_uri": "http://127.0.0.1/"}, BASIC)
    return "/oauth2/token", {"grant_type": "refresh_token", "refresh_token": json.loads(body)["refresh_token"]}, BASIC


def emulator(port):
    return [IMS, "emulator", "--config", credentials() / "scenario.json", "--listen", f"127.0.0.1:{port}"]


# name, command for a port, path of any answer, the token request; the port if there is no choice.
SERVERS = [
    ("ims emulator, JWT exchange", emulator, "/ims/.well-known/openid-configuration", assertion, None),
    ("ims emulator, client_credentials", emulator, "/ims/.well-known/openid-configuration", lambda _: ("/ims/token/v3", MACHINE, FORM), None),
    ("oidc-provider 9.13.3 (npm)", lambda port: ["node", "oidc_provider.mjs", str(port)],
     "/.well-known/openid-configuration", lambda _: ("/token", MACHINE, FORM), None),
    ("oauth2-mock-server 8.2.3 (npm)",
     lambda port: ["node", "node_modules/oauth2-mock-server/dist/oauth2-mock-server.mjs", "-a", "127.0.0.1", "-p", str(port)],
     "/.well-known/openid-configuration", lambda _: ("/token", MACHINE, FORM), None),
    ("oidc-provider-mock 0.3.4 (PyPI)", lambda port: ["venv/bin/oidc-provider-mock", "-p", str(port)],
     "/.well-known/openid-configuration", refreshing, None),
    ("oauth2-test-server 0.2.3 (crates.io)", lambda _: ["bin/oauth2-test-server"],
     "/.well-known/openid-configuration", registered, 8090),
]


def free_port():
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return one.getsockname()[1]


class Server:
    def __init__(self, name, command, path, request, port):
        self.name, self.port = name, port or free_port()
        began = time.monotonic()
        self.process = subprocess.Popen(command(self.port), cwd=FOLDER, stdin=subprocess.DEVNULL,
                                        stdout=subprocess.DEVNULL, stderr=open(FOLDER / "errors.log", "ab"))
        while not self.answers(path):
            if self.process.poll() is not None:
                raise SystemExit(f"{name} has ended, see errors.log")
            time.sleep(0.001)
        self.start = time.monotonic() - began
        self.path, form, self.headers = request(self.port)
        self.body = urllib.parse.urlencode(form)
        post(self.port, self.path, self.body, self.headers)
        self.first_token = time.monotonic() - began
        self.rates = []

    def answers(self, path):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=10)
        try:
            connection.request("GET", path)
            return connection.getresponse().read() is not None
        except OSError:
            return False

    def processor_time(self):
        fields = pathlib.Path(f"/proc/{self.process.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / 100

    def ask(self, count):
        connection = http.client.HTTPConnection("127.0.0.1", self.port)
        for _ in range(count):
            connection.request("POST", self.path, self.body, self.headers)
            answer = connection.getresponse()
            if answer.status != 200 or b"access_token" not in answer.read():
                raise SystemExit(f"{self.name} answers {answer.status}")

    def measure(self):
        before = self.processor_time()
        self.ask(REQUESTS)
        return REQUESTS / max(self.processor_time() - before, 0.01)

    def resident(self):
        status = pathlib.Path(f"/proc/{self.process.pid}/status").read_text()
        return int(status.split("VmRSS:")[1].split()[0]) / 1024

    def close(self):
        self.process.kill()
        self.process.wait()


def main():
    install()
    credentials()
    starts, first_tokens = {}, {}
    for turn in range(STARTS):
        for server in SERVERS[turn % 2:] + SERVERS[:turn % 2]:
            with contextlib.closing(Server(*server)) as running:
                starts.setdefault(running.name, []).append(running.start * 1000)
                first_tokens.setdefault(running.name, []).append(running.first_token * 1000)
    with contextlib.ExitStack() as stack:
        running = [stack.enter_context(contextlib.closing(Server(*server))) for server in SERVERS]
        time.sleep(2)
        idle = {server.name: server.resident() for server in running}
        for server in running:
            server.ask(REQUESTS // 4)
        for turn in range(ROUNDS):
            for server in running[turn % 2:] + running[:turn % 2]:
                server.rates.append(server.measure())
    print(f"{'':40} {'tokens/CPU s':>12} {'idle MiB':>9} {'start ms':>9} {'first token ms':>15}")
    for server in running:
        name = server.name
        print(f"{name:40} {statistics.median(server.rates):12.0f} {idle[name]:9.1f} "
              f"{statistics.median(starts[name]):9.1f} {statistics.median(first_tokens[name]):15.1f}")


main()
