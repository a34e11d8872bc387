"""Where the server of a test keeps its records and packages: in its data directory, or, with SELFSAME_TEST_ON=postgres, in a database
and below a prefix of a bucket that belong to this directory. scripts/services.sh brings both."""

import hashlib
import os
import secrets
import subprocess
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

_ON = os.environ.get("SELFSAME_TEST_ON", "")
if _ON not in ("", "postgres"):
    raise SystemExit(f"SELFSAME_TEST_ON may be postgres, not {_ON}")


def _name(data):
    return f"selfsame_test_{hashlib.sha256(str(data).encode()).hexdigest()[:24]}"


def _at_server(statement):
    psql = Path(os.environ["SELFSAME_TEST_POSTGRES_BIN"]) / "psql"
    command = [psql, os.environ["SELFSAME_TEST_POSTGRES"], "-X", "-q", "-v", "ON_ERROR_STOP=1", "-c", statement]
    subprocess.run(command, check=True)


def environment(data):
    """What the binary reads to find the store of a data directory. Without SELFSAME_TEST_ON this adds nothing: the directory is it."""
    if not _ON:
        return dict(os.environ)
    server = urlsplit(os.environ["SELFSAME_TEST_POSTGRES"])
    return {
        **os.environ,
        "SELFSAME_STORE": server._replace(path=f"/{_name(data)}").geturl(),
        "SELFSAME_MASTER_KEY_FILE": str(Path(data) / "master.key"),
        "SELFSAME_BLOBS": f"{os.environ['SELFSAME_TEST_S3']}/{_name(data)}",
    }


@contextmanager
def keeping(data):
    """Makes the database and the master key, and drops the database afterwards."""
    if not _ON:
        yield
        return
    key = os.open(Path(data) / "master.key", os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(key, "w") as file:
        file.write(secrets.token_hex(32))
    _at_server(f"CREATE DATABASE {_name(data)}")
    try:
        yield
    finally:
        _at_server(f"DROP DATABASE {_name(data)} WITH (FORCE)")
