"""Which kind of CPU this is, as far as speed is concerned, and how fast one core of it can be.

    python3 bench/cpu.py
"""

import os
import pathlib
import platform
import time

# The kinds that the README's tables are of, the best first, and the flags that each needs.
KINDS = [
    ("AVX-512 and bf16", {"avx512f", "avx512vl", "avx512_bf16"}),
    ("AVX-512", {"avx512f", "avx512vl"}),
    ("AVX2", {"avx2", "fma"}),
]
# Set where programs are held to AVX2 (only_avx2.py), and which flags they do not see then.
HELD = "ONLY_AVX2"
HIDDEN = ("avx512", "avx_vnni", "amx")


def flags():
    """What programs see."""
    held = HELD in os.environ
    return {flag for flag in flags_of_the_cpu() if not (held and flag.startswith(HIDDEN))}


def flags_of_the_cpu():
    lines = pathlib.Path("/proc/cpuinfo")
    if not lines.exists():
        return set()
    for line in lines.read_text().splitlines():
        if line.startswith("flags"):
            return set(line.partition(":")[2].split())
    return set()


def name():
    lines = pathlib.Path("/proc/cpuinfo")
    for line in lines.read_text().splitlines() if lines.exists() else []:
        if line.startswith("model name"):
            return line.partition(":")[2].strip()
    return platform.processor() or platform.machine()


def kind():
    """One of the kinds, or `other`."""
    has = flags()
    return next((named for named, needs in KINDS if needs <= has), "other")


def has_bf16():
    return kind() == KINDS[0][0]


def describe():
    vnni = flags() & {"avx512_vnni", "avx_vnni"}
    held = ", to which a CPU with more is held (only_avx2.py)" if flags() != flags_of_the_cpu() else ""
    return f"CPU: {name()}; kind: {kind()}{held}; int8 instructions (VNNI): {'yes' if vnni else 'no'}"


def peak():
    """Billions of multiply-adds in a second on one core, f32: what a product of matrices reaches, the best of several.

    To be called in a process of one thread. Other work on the machine does not count, for it is processor time that is taken.
    """
    import numpy

    side = 768
    numbers = numpy.random.default_rng(1)
    left = numbers.random((side, side), dtype=numpy.float32)
    right = numbers.random((side, side), dtype=numpy.float32)
    out = numpy.empty((side, side), dtype=numpy.float32)
    best = float("inf")
    for _ in range(12):
        began = time.process_time()
        for _ in range(3):
            numpy.matmul(left, right, out=out)
        best = min(best, (time.process_time() - began) / 3)
    return side**3 / best / 1e9


if __name__ == "__main__":
    print(describe())
