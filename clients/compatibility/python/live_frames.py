"""Frames of a head that moves, which v3 wants beside each selfie: made of a fetched photograph by `selfsame eval generate`."""

import fcntl
import shutil
import subprocess
import tempfile
from pathlib import Path

from server import BIN, photographs

# Whoever runs the tests again finds them made: they take seconds.
_KEPT = Path(__file__).parents[1] / ".frames"
# Other photographs of the same person go with them as the selfie.
_OF = "obama2"


def live_frames():
    """The files, in their order: six, the least that v3 takes."""
    _KEPT.mkdir(exist_ok=True)
    with open(_KEPT / "lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        _make(_KEPT / "made")
    sequence = _KEPT / "made" / "bona_fide" / "live-sequence" / _OF
    return [sequence / f"frame-{number}.jpg" for number in range(1, 7)]


def _make(folder):
    with tempfile.TemporaryDirectory() as photos:
        shutil.copy(photographs()[_OF], Path(photos) / f"{_OF}.jpg")
        generate = [BIN, "eval", "generate", "--photos", photos, "--out", folder, "--species", "live-sequence"]
        if subprocess.run(generate, capture_output=True).returncode != 0:
            # A folder does not mix what two builds made: with an older build's away it is made anew.
            shutil.rmtree(folder, ignore_errors=True)
            subprocess.run(generate, check=True)
