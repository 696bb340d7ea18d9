#!/usr/bin/env bash
# Babel takes the digits of money from CLDR, which follows common use, and not from ISO 4217, by whose minor
# units cards and billers charge. CLDR changes: between Babel 2.18 and 2.19 HUF, COP and IDR go from two digits
# to none, and RSD the other way. Both versions round IQD, which has three digits, to none. So the same price
# looks different after an upgrade. Both also leave out the space that CLDR prescribes after a currency that is
# written in letters: CHF10.00.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT

cat > "$folder/digits.py" <<'PY'
import sys
from decimal import Decimal
from importlib.metadata import version

from babel.numbers import format_currency, get_currency_precision
from iso4217 import Currency

CODES = ["HUF", "COP", "IDR", "RSD", "IQD"]
babel = {code: get_currency_precision(code) for code in CODES}
iso = {code: Currency(code).exponent for code in CODES}
swiss = format_currency(Decimal(10), "CHF", locale="en_US")
print(f"babel {version('babel')} {babel} iso4217 {version('iso4217')} {iso} {swiss!r}")
expected = {
    "2.18.0": {"HUF": 2, "COP": 2, "IDR": 2, "RSD": 0, "IQD": 0},
    "2.19.0": {"HUF": 0, "COP": 0, "IDR": 0, "RSD": 2, "IQD": 0},
}[version("babel")]
same = babel == expected and iso == dict(zip(CODES, [2, 2, 2, 2, 3])) and swiss == "CHF10.00"
sys.exit(not same)
PY

for release in 2.18.0 2.19.0; do
    python3 -m venv "$folder/$release"
    "$folder/$release/bin/pip" install --quiet --disable-pip-version-check "babel==$release" iso4217==1.16.20260101
    "$folder/$release/bin/python" "$folder/digits.py"
done
