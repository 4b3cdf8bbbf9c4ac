#!/usr/bin/env bash
# NumPy's sum and mean add small floats and integers of ml_dtypes in their own type: the mean of 70,000 ones is .0037.
# version: ml_dtypes 0.6.0, numpy 2.4.6 (PyPI)
# source: ndarray.sum() and mean(), which use float32 for the mean of float16, and int64 for the sum of int8
# seen: bfloat16 ones add up to 256 and no further, so the mean of 70,000 is 0.00366, and the mean over 1,000 rows, as
#   of embeddings, is .256. The sum of two 7 in int4 is -2. With numpy's own float16 the mean is 1, and with int8 the
#   sum of two 127 is 254.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/env"
"$folder/env/bin/pip" install --quiet --disable-pip-version-check ml_dtypes==0.6.0 numpy==2.4.6
"$folder/env/bin/python" - <<'PYTHON'
import ml_dtypes
import numpy as np

ones = np.ones(70000, ml_dtypes.bfloat16)
rows = np.ones((1000, 4), ml_dtypes.bfloat16)
nibbles = np.array([7, 7], ml_dtypes.int4)
print('bfloat16: sum', ones.sum(), 'mean', ones.mean(), 'mean over rows', rows.mean(axis=0)[0])
print('int4: 7 + 7 =', nibbles.sum())
print('float16: mean', np.ones(70000, np.float16).mean(), 'int8: sum', np.array([127, 127], np.int8).sum())
assert float(ones.sum()) == 256 and float(ones.mean()) < 0.004, 'it has changed'
assert float(rows.mean(axis=0)[0]) < 0.26 and int(nibbles.sum()) == -2, 'it has changed'
assert float(np.ones(70000, np.float16).mean()) == 1 and int(np.array([127, 127], np.int8).sum()) == 254
PYTHON
