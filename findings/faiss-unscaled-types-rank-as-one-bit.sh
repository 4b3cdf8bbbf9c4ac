#!/usr/bin/env bash
# The _eden types of faiss need coordinates of variance 1, _tqmse types rows of length 1; else recall is as at one bit.
# version: faiss-cpu 1.15.1 (PyPI), numpy 2.4.6
# source: IndexScalarQuantizer with ScalarQuantizer.QT_4bit_eden and QT_4bit_tqmse; train() does not scale, nothing
#   warns
# seen: recall@10 of 2,000 x 128: QT_4bit_eden .888 with variance 1 and .388 with length 1; QT_4bit_tqmse .888 with
#   length 1 and .450 with variance 1. One bit has .382. QT_4bit, which learns its range, has .850 in both cases.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/env"
"$folder/env/bin/pip" install --quiet --disable-pip-version-check faiss-cpu==1.15.1 numpy==2.4.6
"$folder/env/bin/python" - <<'PYTHON'
import faiss
import numpy as np

dims = 128
random = np.random.default_rng(0)
vectors = random.standard_normal((2000, dims)).astype(np.float32)
vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
queries = vectors[:100] + random.standard_normal((100, dims)).astype(np.float32) * np.float32(0.05)
exact = faiss.IndexFlatIP(dims)
exact.add(vectors)
wanted = exact.search(queries, 10)[1]


def recall(name, scale):
    kind = getattr(faiss.ScalarQuantizer, name)
    index = faiss.IndexScalarQuantizer(dims, kind, faiss.METRIC_INNER_PRODUCT)
    index.train(vectors * np.float32(scale))
    index.add(vectors * np.float32(scale))
    found = index.search(queries * np.float32(scale), 10)[1]
    return float(np.mean([len(set(a) & set(b)) / 10 for a, b in zip(found, wanted)]))


names = ('QT_1bit_eden', 'QT_4bit_eden', 'QT_4bit_tqmse', 'QT_4bit')
seen = {name: (recall(name, 1), recall(name, dims**0.5)) for name in names}
for name, (length, variance) in seen.items():
    print(f'{name:14} length 1 {length:.3f}  variance 1 {variance:.3f}')
one_bit = seen['QT_1bit_eden'][0]
assert seen['QT_4bit_eden'][0] < one_bit + 0.05 and seen['QT_4bit_eden'][1] > 0.85, 'eden has changed'
assert seen['QT_4bit_tqmse'][1] < one_bit + 0.1 and seen['QT_4bit_tqmse'][0] > 0.85, 'tqmse has changed'
assert abs(seen['QT_4bit'][0] - seen['QT_4bit'][1]) < 0.01
PYTHON
