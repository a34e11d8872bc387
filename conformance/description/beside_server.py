"""Runs a command beside the real server, with the address of the server's description as its last argument."""

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2] / "clients/compatibility/python"))
from server import photographs, receiving, running, selfsame  # noqa: E402

# Nobody is slowed down or shut out: each such answer would stand in the way of another.
UNLIMITED = ("--rate", "100000", "--failed-auth-rate", "0", "--max-queued", "1000000", "--load-when-needed")

# What pages behind links are made of (`LinkPages::FILES` in crates/selfsame-server/src/config.rs). Nobody opens them here: without them
# the server makes no links.
PAGE_FILES = ("selfsame-link.js", "selfsame-link.css", "selfsame-engine.js", "engine.wasm")


def link_pages(folder):
    for name in PAGE_FILES:
        (Path(folder) / name).write_text(name)
    return "--link-pages", folder


with (
    tempfile.TemporaryDirectory() as folder,
    tempfile.TemporaryDirectory() as pages,
    receiving() as (callback, _),
    running(folder, *UNLIMITED, *link_pages(pages)) as addresses,
):
    partner = selfsame("partner", "--data", folder, "add", "--id", "2343")[0]
    photograph = sorted(photographs().values())[0]
    setting = {
        "server": addresses["http"], "partner": "2343", "key": partner["sandbox_api_key"], "callback": callback,
        "photograph": str(photograph),
    }
    environment = {**os.environ, "SELFSAME_SETTING": json.dumps(setting), "PYTHONPATH": str(Path(__file__).parent)}
    code = subprocess.run([*sys.argv[1:], addresses["http"] + "/openapi.json"], env=environment).returncode
    log = (Path(folder) / "server.log").read_text()
if "panicked" in log:
    sys.exit("the server panicked:\n" + log[-4000:])
sys.exit(code)
