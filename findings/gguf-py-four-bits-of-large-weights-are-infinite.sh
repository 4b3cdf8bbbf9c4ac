#!/usr/bin/env bash
# gguf's quantize() turns finite weights into infinities: a half-precision scale overflows, and no error is raised.
# version: gguf 0.19.0, numpy 2.4.6 (PyPI)
# source: gguf.quants.quantize and dequantize
# seen: a row of 1.2e6 becomes inf with Q4_0, Q4_1, Q5_0, Q5_1, TQ1_0 and TQ2_0, and about 1.2e6 with Q8_0 and BF16;
#   the only sign is numpy's RuntimeWarning 'overflow encountered in cast'
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/env"
"$folder/env/bin/pip" install --quiet --disable-pip-version-check gguf==0.19.0 numpy==2.4.6
"$folder/env/bin/python" - <<'PYTHON'
import warnings

import numpy as np
from gguf import GGMLQuantizationType
from gguf.quants import dequantize, quantize

weights = np.full((1, 256), 1.2e6, dtype=np.float32)
back = {}
with warnings.catch_warnings(record=True) as told:
    warnings.simplefilter('always')
    for name in ('Q4_0', 'Q4_1', 'Q5_0', 'Q5_1', 'TQ1_0', 'TQ2_0', 'Q8_0', 'BF16'):
        kind = GGMLQuantizationType[name]
        back[name] = float(dequantize(quantize(weights, kind), kind)[0, 0])
kinds = {(type(w.message).__name__, str(w.message)) for w in told}
print(back, kinds)
assert [name for name, x in back.items() if x == np.inf] == ['Q4_0', 'Q4_1', 'Q5_0', 'Q5_1', 'TQ1_0', 'TQ2_0']
assert all(abs(back[name] - 1.2e6) < 5e3 for name in ('Q8_0', 'BF16')), 'it has changed'
assert kinds == {('RuntimeWarning', 'overflow encountered in cast')}, 'it has changed'
PYTHON
