"""The version of the workspace, which the wheel has too."""

import tomllib
from pathlib import Path

_manifest = Path(__file__).resolve().parents[2] / "Cargo.toml"
__version__ = tomllib.loads(_manifest.read_text(encoding="utf-8"))["workspace"]["package"]["version"]
