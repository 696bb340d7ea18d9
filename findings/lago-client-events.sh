#!/usr/bin/env bash
# Lago's Python client writes the timestamp of an event as text, whatever number it was given, and sends
# "timestamp": null where there is none, so a receiver that takes numbers only, or treats null as wrong, refuses
# its events. Small floats arrive without an exponent (0.0000135). An empty answer with 200 or 204 is success, with
# None as the result. It waits for nothing on 503, and sends an event again three times after 429.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check lago-python-client==1.55.0

cat > "$folder/events.py" <<'PY'
import http.server
import json
import sys
import threading
from importlib.metadata import version

from lago_python_client.client import Client
from lago_python_client.models import Event


class Receiver(http.server.BaseHTTPRequestHandler):
    status, seen = 200, []

    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.seen.append(json.loads(body)["event"] | {"text": body.decode(), "path": self.path})
        self.send_response(self.status)
        if self.status == 429:
            self.send_header("Retry-After", "1")
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_):
        pass


server = http.server.HTTPServer(("127.0.0.1", 0), Receiver)
threading.Thread(target=server.serve_forever, daemon=True).start()
client = Client(api_key="key", api_url=f"http://127.0.0.1:{server.server_port}")


def send(status, **given):
    Receiver.status, before = status, len(Receiver.seen)
    event = Event(
        transaction_id="t", external_subscription_id="s", code="calls", properties={"cost": 1.35e-05}, **given
    )
    try:
        outcome = client.events.create(event)
    except Exception as error:
        outcome = type(error).__name__
    return outcome, Receiver.seen[before:]


print("lago-python-client", version("lago-python-client"))
seen = {}
for name, status, given in [
    ("whole seconds", 200, {"timestamp": 1650893379}),
    ("a fraction", 200, {"timestamp": 1650893379.35}),
    ("no timestamp", 204, {}),
    ("too many", 429, {}),
    ("unavailable", 503, {}),
]:
    outcome, events = send(status, **given)
    seen[name] = (status, outcome, [event["timestamp"] for event in events])
    print(name, seen[name])
print("as sent:", Receiver.seen[0]["text"])
server.shutdown()
sys.exit(
    seen
    != {
        "whole seconds": (200, None, ["1650893379"]),
        "a fraction": (200, None, ["1650893379.35"]),
        "no timestamp": (204, None, [None]),
        "too many": (429, "LagoRateLimitError", [None] * 4),
        "unavailable": (503, "LagoApiError", [None]),
    }
    or '"cost":0.0000135' not in Receiver.seen[0]["text"]
)
PY
"$folder/venv/bin/python" "$folder/events.py"
