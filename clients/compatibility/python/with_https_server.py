"""Runs a command beside a server that speaks HTTPS, with a certificate made for the occasion, and HTTP."""

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

from server import photographs, receiving, running, selfsame


def certificate(folder):
    cert, key = folder / "cert.pem", folder / "key.pem"
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2",
         "-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1", "-keyout", key, "-out", cert],
        check=True, capture_output=True,
    )
    return cert, key


with tempfile.TemporaryDirectory() as folder:
    folder = Path(folder)
    cert, key = certificate(folder)
    tls = ("--tls-listen", "127.0.0.1:0", "--tls-cert", cert, "--tls-key", key)
    with receiving() as (url, _), running(folder, *tls) as addresses:
        partner = selfsame("partner", "--data", folder, "add", "--id", "2343")[0]
        setting = {
            "server": addresses["https"], "http": addresses["http"], "callback": url, "partner": partner,
            "photographs": {name: str(path) for name, path in photographs().items()},
        }
        environment = {**os.environ, "NODE_EXTRA_CA_CERTS": str(cert), "SELFSAME_SETTING": json.dumps(setting)}
        code = subprocess.run(sys.argv[1:], env=environment).returncode
sys.exit(code)
