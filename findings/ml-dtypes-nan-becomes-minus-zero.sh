#!/usr/bin/env bash
# The small floats of ml_dtypes treat values out of range in three ways; NaN to float4_e2m1fn is silently -0.
# version: ml_dtypes 0.6.0 (PyPI), numpy 2.4.6
# source: ndarray.astype(ml_dtypes.float8_e4m3fn), float8_e5m2, float4_e2m1fn, float6_e2m3fn
# seen: 1e9 becomes NaN in float8_e4m3fn, infinity in float8_e5m2, the largest value (6, 7.5) in float4_e2m1fn and
#   float6_e2m3fn; NaN becomes -0.0 in the last two.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/env"
"$folder/env/bin/pip" install --quiet --disable-pip-version-check ml_dtypes==0.6.0 numpy==2.4.6
"$folder/env/bin/python" -W ignore - <<'PYTHON'
import ml_dtypes
import numpy as np

wanted = {
    'float8_e4m3fn': 'nan nan',
    'float8_e5m2': 'inf nan',
    'float4_e2m1fn': '6.0 -0.0',
    'float6_e2m3fn': '7.5 -0.0',
}
for name, seen in wanted.items():
    values = np.array([1e9, np.nan]).astype(getattr(ml_dtypes, name)).astype(float)
    text = ' '.join(str(float(value)) for value in values)
    print(name, '1e9 and NaN become', text)
    assert text == seen, f'{name} has changed'
PYTHON
