#!/usr/bin/env bash
# Spark with the master local[2] fails a job at the first failed task, despite spark.task.maxFailures.
# version: pyspark 4.3.0 (PyPI), Java 17
# source: the master strings local[N] and local[N,F]: only F counts with them
# seen: tasks that fail once and then succeed: local[2] with spark.task.maxFailures=4 fails after one attempt of each
#   task; local[2,4] returns the result.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/env"
"$folder/env/bin/pip" install --quiet --disable-pip-version-check pyspark==4.3.0
cat > "$folder/try.py" <<'PYTHON'
import os
import sys
import tempfile

from pyspark import SparkConf, SparkContext

settings = SparkConf().setMaster(sys.argv[1]).set('spark.ui.enabled', 'false')
context = SparkContext(conf=settings.set('spark.task.maxFailures', '4'))
context.setLogLevel('OFF')
folder = tempfile.mkdtemp()


def fails_once(task):
    with open(os.path.join(folder, str(task)), 'a') as tries:
        tries.write('x')
    if os.path.getsize(os.path.join(folder, str(task))) == 1:
        raise RuntimeError('the first try')
    return task


try:
    print(context.parallelize([1, 2], 2).map(fails_once).collect())
except Exception:
    print('failed')
PYTHON
run() { "$folder/env/bin/python" "$folder/try.py" "$1" 2>> "$folder/log" | tail -n 1; }
once=$(run 'local[2]')
four=$(run 'local[2,4]')
echo "local[2]: $once; local[2,4]: $four"
[ "$once" = failed ] && [ "$four" = '[1, 2]' ] || { echo 'it has changed'; exit 1; }
