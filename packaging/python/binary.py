"""Puts the binary that SELFSAME_BINARY names into the wheel, and tags the wheel with the platform that it runs on."""

import os
from pathlib import Path

from hatchling.builders.hooks.plugin.interface import BuildHookInterface


class Binary(BuildHookInterface):
    """A wheel's one content: the command."""

    def initialize(self, version, build_data):
        named, platform = (os.environ.get(name) for name in ("SELFSAME_BINARY", "SELFSAME_WHEEL_PLATFORM"))
        if not named or not platform:
            raise SystemExit("SELFSAME_BINARY and SELFSAME_WHEEL_PLATFORM are not set: scripts/release.sh sets them")
        binary = Path(named)
        if binary.name != "selfsame" or not os.access(binary, os.X_OK):
            raise SystemExit(f"SELFSAME_BINARY={named} is no program called selfsame")
        build_data["shared_scripts"][str(binary.resolve())] = "selfsame"
        build_data["pure_python"] = False
        # Any Python that pip runs on: nothing is loaded into it.
        build_data["tag"] = f"py3-none-{platform}"
