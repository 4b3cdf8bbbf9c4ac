#!/usr/bin/env bash
# numpy.save writes ml_dtypes' float8_e5m2 with a descr that numpy.load refuses, and float8_e4m3fn as void.
# version: numpy 2.4.6, ml_dtypes 0.6.0 (PyPI)
# source: numpy.save and numpy.load of arrays of ml_dtypes' types
# seen: float8_e5m2 is saved as '<f1', and loading fails with "descr is not a valid dtype descriptor: '<f1'", even if
#   ml_dtypes is imported; float8_e4m3fn is saved as '<V1' and bfloat16 as '<V2', which load as raw bytes
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/env"
"$folder/env/bin/pip" install --quiet --disable-pip-version-check numpy==2.4.6 ml_dtypes==0.6.0
"$folder/env/bin/python" - <<'PYTHON'
import io

import ml_dtypes
import numpy as np

seen = {}
for name in ('float8_e5m2', 'float8_e4m3fn', 'bfloat16'):
    file = io.BytesIO()
    np.save(file, np.array([1, 2], dtype=getattr(ml_dtypes, name)))
    file.seek(0)
    try:
        seen[name] = np.load(file).dtype.str
    except ValueError as error:
        seen[name] = str(error)
print(seen)
assert seen == {
    'float8_e5m2': "descr is not a valid dtype descriptor: '<f1'",
    'float8_e4m3fn': '|V1',
    'bfloat16': '|V2',
}, 'it has changed'
PYTHON
