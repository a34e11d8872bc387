"""Runs a command beside a server that speaks HTTPS, with a certificate made for the occasion, and HTTP."""

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

from certificates import certificates
from live_frames import live_frames
from server import photographs, receiving, running, selfsame
from webhooks import receiving_webhooks


# Only the clients of v3 need frames, and they take seconds to make.
frames = [str(frame) for frame in live_frames()] if os.environ.get("WITH_FRAMES") == "1" else []

with tempfile.TemporaryDirectory() as folder:
    folder = Path(folder)
    own = certificates(folder)
    with receiving() as (url, _), receiving_webhooks(own) as webhooks, running(folder, certificates=own) as addresses:
        partner = selfsame("partner", "--data", folder, "add", "--id", "2343")[0]
        setting = {
            "server": addresses["https"], "http": addresses["http"], "callback": url, "webhook": webhooks.url, "partner": partner,
            "photographs": {name: str(path) for name, path in photographs().items()}, "frames": frames,
            "authority": str(own.authority),
        }
        environment = {
            **os.environ, "NODE_EXTRA_CA_CERTS": str(own.authority), "SSL_CERT_FILE": str(own.authority),
            "SELFSAME_SETTING": json.dumps(setting),
        }
        code = subprocess.run(sys.argv[1:], env=environment).returncode
sys.exit(code)
