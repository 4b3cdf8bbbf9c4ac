#!/usr/bin/env bash
# DuckDB writes a column of type FLOAT[3] to Parquet as a list, and its own array functions refuse the result.
# version: duckdb 2.0.1, pyarrow 26.0.1 (PyPI)
# source: COPY ... TO (FORMAT parquet), read_parquet, array_cosine_similarity
# seen: the column is read back as FLOAT[] (by pyarrow as list<float>, not as a fixed_size_list), and
#   array_cosine_similarity(v, [1, 0, 0]::FLOAT[3]) raises a BinderException; list_cosine_similarity and a cast to
#   FLOAT[3] work
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/env"
"$folder/env/bin/pip" install --quiet --disable-pip-version-check duckdb==2.0.1 pyarrow==26.0.1
cd "$folder"
"$folder/env/bin/python" - <<'PYTHON'
import duckdb
import pyarrow.parquet

duckdb.sql("COPY (SELECT [1, 0, 0]::FLOAT[3] AS v) TO 'v.parquet' (FORMAT parquet)")
read = duckdb.sql("DESCRIBE SELECT * FROM 'v.parquet'").fetchall()[0][1]
arrow = str(pyarrow.parquet.read_schema('v.parquet').field('v').type)
asked = '[1, 0, 0]::FLOAT[3]'
try:
    duckdb.sql(f"SELECT array_cosine_similarity(v, {asked}) FROM 'v.parquet'").fetchall()
    refused = None
except duckdb.BinderException as error:
    refused = str(error).splitlines()[0]
cast = duckdb.sql(f"SELECT array_cosine_similarity(v::FLOAT[3], {asked}) FROM 'v.parquet'").fetchall()
print('read as', read, '| pyarrow', arrow, '|', refused, '| with a cast', cast)
assert read == 'FLOAT[]' and arrow.startswith('list<') and refused and cast == [(1.0,)], 'it has changed'
PYTHON
