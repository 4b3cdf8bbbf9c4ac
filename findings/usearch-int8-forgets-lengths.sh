#!/usr/bin/env bash
# An int8 index of usearch scales every vector to length 1, even for 'l2sq' and 'ip', where the length matters.
# version: usearch 2.26.6 (PyPI), numpy 2.4.6
# source: Index(ndim, metric, dtype='i8') and the result of index.get()
# seen: [3, -2, 0.5, 0.25] is stored as [104, -69, 17, 8], which is 127 times the unit vector. Of the ten nearest by
#   squared distance among 1,000 vectors of different lengths, the exact i8 search finds 10%, f32 all, f16 99.8%; by
#   inner product i8 finds 41%. The ten results of i8 for 'l2sq' are those of the cosine (95%). There is no warning.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/env"
"$folder/env/bin/pip" install --quiet --disable-pip-version-check usearch==2.26.6 numpy==2.4.6
"$folder/env/bin/python" - <<'PYTHON'
import numpy as np
from usearch.index import Index

one = Index(ndim=4, metric='l2sq', dtype='i8')
one.add(0, np.array([3, -2, 0.5, 0.25], dtype=np.float32))
stored = one.get(0).tolist()
print('stored', stored)

random = np.random.default_rng(0)
lengths = random.uniform(0.2, 5, (1000, 1))
vectors = (random.standard_normal((1000, 64)) * lengths).astype(np.float32)
queries = random.standard_normal((100, 64)).astype(np.float32)


def nearest(distances):
    return np.argsort(distances, axis=1)[:, :10]


def recall(found, wanted):
    return float(np.mean([len(set(a) & set(b)) / 10 for a, b in zip(found, wanted)]))


def unit(x):
    return x / np.linalg.norm(x, axis=1, keepdims=True)


squared = nearest(((queries[:, None] - vectors[None]) ** 2).sum(-1))
cosine = nearest(-(unit(queries) @ unit(vectors).T))
results = {}
for dtype in ('f32', 'i8'):
    index = Index(ndim=64, metric='l2sq', dtype=dtype)
    index.add(np.arange(1000), vectors)
    results[dtype] = index.search(queries, 10, exact=True).keys
    print(dtype, 'recall@10 by squared distance', recall(results[dtype], squared))
print('i8 recall@10 by cosine', recall(results['i8'], cosine))
assert stored == [104, -69, 17, 8], 'the stored values have changed'
assert recall(results['f32'], squared) > 0.99
assert recall(results['i8'], squared) < 0.2 and recall(results['i8'], cosine) > 0.9, 'it has changed'
PYTHON
