#!/usr/bin/env python3
"""Writes the vectors, from the wire's rules and Python's own HMAC, JSON and zip: from neither the server's code nor a client's.

generate.py           writes vectors/
generate.py --check   fails where vectors/ is not what it would write
"""

import json
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
from vectors_of import (  # noqa: E402
    callbacks, challenges, errors, lookups, names, packages, results, scenarios, signatures,
)

FOLDER = Path(__file__).parent / "vectors"
SUBJECTS = {
    "signatures": signatures, "packages": packages, "results": results, "errors": errors, "scenarios": scenarios,
    "callbacks": callbacks, "challenges": challenges, "lookups": lookups, "names": names,
}


def main():
    stale = []
    for name, subject in SUBJECTS.items():
        text = json.dumps(subject.vectors(), indent=1, ensure_ascii=False) + "\n"
        path = FOLDER / f"{name}.json"
        if "--check" not in sys.argv:
            path.write_text(text)
        elif not path.exists() or path.read_text() != text:
            stale.append(path.name)
    if stale:
        sys.exit(f"not what generate.py writes: {', '.join(stale)}; run conformance/generate.py")


main()
