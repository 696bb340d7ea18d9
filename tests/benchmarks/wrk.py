"""wrk as a caller, where it is installed: it takes a tenth of the time that a caller in Python does.

A caller in Python takes longer for a request than an empty route does, so that the caller would be what is
measured. A script of wrk's looks at every answer.
"""

from __future__ import annotations

import asyncio
import json
import shutil
from collections.abc import Sequence
from pathlib import Path
from random import randrange
from tempfile import TemporaryDirectory

PROGRAM = shutil.which("wrk")

PATIENCE_SECONDS = 60

SCRIPT = """
local requests, answer, threads = {%(requests)s}, %(answer)s, {}
right, wrong, seen = 0, 0, ""
function setup(thread) table.insert(threads, thread) end
function init() math.randomseed(%(seed)d) end
function request() return requests[math.random(#requests)] end
function response(status, headers, body)
  if status == 200 and string.find(body, answer, 1, true) then right = right + 1
  else wrong, seen = wrong + 1, status .. " " .. body end
end
function done(summary)
  local thread, errors = threads[1], summary.errors
  local lost = errors.connect + errors.read + errors.write + errors.timeout
  io.write(string.format('{"right": %%d, "wrong": %%d, "lost": %%d, "microseconds": %%d}\\n',
    thread:get("right"), thread:get("wrong"), lost, summary.duration), thread:get("seen"))
end
"""


async def answers_a_second(
    port: int, requests: Sequence[bytes], answer: bytes, seconds: int, connections: int
) -> float:
    """Send requests, drawn at random; AssertionError where anything but the right answer comes back."""
    with TemporaryDirectory() as folder:
        script = Path(folder) / "ask.lua"
        drawn, holds = ",".join(map(_in_lua, requests)), _in_lua(answer)
        script.write_text(SCRIPT % {"requests": drawn, "answer": holds, "seed": randrange(2**31)})
        options = (
            "-t1",
            f"-c{connections}",
            f"-d{seconds}s",
            "--timeout",
            f"{PATIENCE_SECONDS}s",
            "-s",
            str(script),
        )
        said = await _said(*options, f"http://127.0.0.1:{port}/graphql")
    told, seen = said[said.index("{") :].split("\n", 1)
    counted = json.loads(told)
    if counted["wrong"] or counted["lost"] or not counted["right"]:
        raise AssertionError(counted, seen)
    return float(counted["right"] / counted["microseconds"] * 1e6)


async def _said(*options: str) -> str:
    process = await asyncio.create_subprocess_exec(
        PROGRAM or "wrk", *options, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT
    )
    said, _ = await process.communicate()
    return said.decode()


def _in_lua(text: bytes) -> str:
    # Lua reads what JSON writes of ASCII: both spell quotes and the ends of lines alike.
    return json.dumps(text.decode("ascii"))
