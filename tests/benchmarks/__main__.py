"""Every benchmark that has a goal, one after the other: ``python -m tests.benchmarks``."""

from __future__ import annotations

import subprocess
import sys

BENCHMARKS = ("http_access", "http_consume", "many_checks", "group_commit", "growth", "shares", "peers")

for benchmark in BENCHMARKS:
    print(f"\n# {benchmark}", flush=True)
    subprocess.run([sys.executable, "-m", f"tests.benchmarks.{benchmark}"], check=True)
