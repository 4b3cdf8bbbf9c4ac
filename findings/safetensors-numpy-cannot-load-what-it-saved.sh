#!/usr/bin/env bash
# safetensors.numpy saves bfloat16 and float8 arrays of ml_dtypes, but cannot load these files.
# version: safetensors 0.8.0 (PyPI), ml_dtypes 0.6.0, numpy 2.4.6
# source: safetensors.numpy.save and load
# seen: save() of a bfloat16 array writes a file with dtype BF16; load() of it raises KeyError: 'BF16'. The same
#   happens with float8_e4m3fn (F8_E4M3) and float8_e5m2 (F8_E5M2). Only the header can be read, with
#   safe_open(...).keys().
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/env"
"$folder/env/bin/pip" install --quiet --disable-pip-version-check safetensors==0.8.0 ml_dtypes==0.6.0 numpy==2.4.6
"$folder/env/bin/python" - <<'PYTHON'
import json

import ml_dtypes
import numpy as np
from safetensors.numpy import load, save

for dtype, name in (('bfloat16', 'BF16'), ('float8_e4m3fn', 'F8_E4M3'), ('float8_e5m2', 'F8_E5M2')):
    file = save({'a': np.ones(4).astype(getattr(ml_dtypes, dtype))})
    header = json.loads(file[8 : 8 + int.from_bytes(file[:8], 'little')])
    try:
        load(file)
        outcome = 'loaded'
    except KeyError as error:
        outcome = f'KeyError: {error}'
    print(dtype, 'saved as', header['a']['dtype'], '->', outcome)
    assert header['a']['dtype'] == name and outcome == f"KeyError: '{name}'", 'it has changed'
PYTHON
