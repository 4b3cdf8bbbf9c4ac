#!/usr/bin/env bash
# In DuckDB a zero vector ranks first when rows are ordered by array_cosine_similarity, descending.
# version: duckdb 2.0.1 (PyPI)
# source: array_cosine_similarity, and the order of NaN among floats (greatest of all)
# seen: the similarity of [0, 0] to [1, 0] is NaN, neither NULL nor 0; 'ORDER BY similarity DESC LIMIT 1' returns that
#   row before the equal vector, and max(similarity) is NaN. Ordered by array_cosine_distance, ascending, it is last.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/env"
"$folder/env/bin/pip" install --quiet --disable-pip-version-check duckdb==2.0.1
"$folder/env/bin/python" - <<'PYTHON'
import math

import duckdb

rows = "(VALUES ('equal', [1, 0]::FLOAT[2]), ('zero', [0, 0]::FLOAT[2]), ('across', [0, 1]::FLOAT[2])) AS t(id, v)"
similarity = 'array_cosine_similarity(v, [1, 0]::FLOAT[2])'
distance = 'array_cosine_distance(v, [1, 0]::FLOAT[2])'
best = duckdb.sql(f'SELECT id, {similarity} FROM {rows} ORDER BY 2 DESC LIMIT 1').fetchall()[0]
most = duckdb.sql(f'SELECT max({similarity}) FROM {rows}').fetchall()[0][0]
last = duckdb.sql(f'SELECT id FROM {rows} ORDER BY {distance}').fetchall()[-1][0]
print('most similar', best, 'max', most, 'last by distance', last)
assert best[0] == 'zero' and math.isnan(best[1]) and math.isnan(most) and last == 'zero', 'it has changed'
PYTHON
