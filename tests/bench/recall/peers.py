"""Recall@10 by cosine and bytes a vector of native libraries, a JSON line for each point.

usage: python peers.py SET [--only TEXT]

SET is a folder as sets.mjs writes it. Every method sees the same rows, brought to norm 1, and answers by inner product; bytes are
codes and factors of a vector, without ids, graphs and what all vectors share. Every method searches all.
"""

import argparse
import json
import tempfile
from collections.abc import Callable, Iterator
from importlib.metadata import version
from pathlib import Path

import faiss
import numpy as np

K = 10
# A query that is a row of the set finds itself, which is not counted.
ASKED = K + 1
Point = tuple[str, str, float, np.ndarray]


def unit(x: np.ndarray) -> np.ndarray:
    norms = np.linalg.norm(x, axis=1, keepdims=True)
    return np.ascontiguousarray(x / np.where(norms == 0, 1, norms), dtype=np.float32)


def faiss_points(rows: np.ndarray, queries: np.ndarray) -> Iterator[tuple[str, Callable[[], Point]]]:
    dims = rows.shape[1]
    rng = np.random.default_rng(7)
    sample = rows[rng.choice(len(rows), min(len(rows), 20_000), replace=False)]

    def point(name: str, index: faiss.Index, scale: float = 1.0) -> Point:
        index.train(sample * scale)
        index.add(rows * scale)
        _, ids = index.search(queries, ASKED)
        return "FAISS", name, index.sa_code_size(), ids

    def factory(spec: str) -> Callable[[], Point]:
        def make() -> Point:
            index = faiss.index_factory(dims, spec, faiss.METRIC_INNER_PRODUCT)
            if spec.startswith("OPQ"):
                # Its default of 50 rounds takes an hour on one thread.
                faiss.downcast_VectorTransform(index.chain.at(0)).niter = 10
            return point(spec, index)

        return make

    for spec in ("SQ4", "SQ6", "SQ8", "RR,SQ4"):
        yield spec, factory(spec)
    # Eight bits per part: one byte for each part; the number of parts must divide the dimensions.
    for bits in (1, 2):
        parts = dims * bits // 8
        if parts > 0 and dims % parts == 0 and len(sample) >= 256:
            yield f"PQ{parts}", factory(f"PQ{parts}")
            yield f"OPQ{parts},PQ{parts}", factory(f"OPQ{parts},PQ{parts}")
    for bits in range(1, 9):

        def rabitq(bits: int = bits) -> Point:
            inner = faiss.IndexRaBitQ(dims, faiss.METRIC_INNER_PRODUCT, bits)
            inner.qb = 8
            turned = faiss.IndexPreTransform(faiss.RandomRotationMatrix(dims, dims), inner)
            return point(f"RR,RaBitQ{bits}", turned)

        yield f"RR,RaBitQ{bits}", rabitq
    for bits in (1, 2, 3, 4, 5, 6, 7, 8):
        # These expect coordinates of variance 1 after the rotation, which is not documented.
        yield f"RR,EDEN{bits}", lambda bits=bits: point(
            f"RR,EDEN{bits}",
            faiss.index_factory(dims, f"RR,EDEN{bits}", faiss.METRIC_INNER_PRODUCT),
            float(np.sqrt(dims)),
        )
    for bits in (1, 2, 3, 4, 8):
        # These expect rows of norm 1.
        yield f"RR,SQtqmse{bits}", lambda bits=bits: point(
            f"RR,SQtqmse{bits}",
            faiss.index_factory(dims, f"RR,SQtqmse{bits}", faiss.METRIC_INNER_PRODUCT),
        )


def rabitqlib_points(rows: np.ndarray, queries: np.ndarray) -> Iterator[tuple[str, Callable[[], Point]]]:
    import rabitqlib

    def point(bits: int, lists: int) -> Point:
        centres = faiss.Kmeans(rows.shape[1], lists, seed=7, niter=10)
        centres.train(rows)
        owner = centres.index.search(rows, 1)[1][:, 0].astype(np.uint32)
        index = rabitqlib.IvfIndex(rows.shape[1], len(rows), lists, bits, "ip")
        index.build(rows, centres.centroids, owner)
        with tempfile.TemporaryDirectory() as folder:
            file = Path(folder) / "index"
            index.save(str(file))
            # The file also holds a four-byte id per row, and the centres.
            size = file.stat().st_size - centres.centroids.nbytes - 4 * len(rows)
        found = [np.asarray(part) for part in index.search(queries, ASKED, lists, True)]
        ids = next(part for part in found if np.issubdtype(part.dtype, np.integer))
        return "rabitqlib", f"{bits} bits, {lists} lists", size / len(rows), ids

    for bits in (1, 2, 3, 4, 5, 8):
        for lists in (1, 64):
            yield f"{bits} bits, {lists} lists", lambda bits=bits, lists=lists: point(bits, lists)


def turbovec_points(rows: np.ndarray, queries: np.ndarray) -> Iterator[tuple[str, Callable[[], Point]]]:
    import turbovec

    def point(bits: int, calibrated: bool) -> Point:
        index = turbovec.TurboQuantIndex(rows.shape[1], bits)
        if calibrated:
            picked = np.random.default_rng(7).choice(len(rows), min(len(rows), 4096), replace=False)
            index.calibrate(rows[picked])
        index.add(rows)
        ids = np.asarray(index.search(queries, ASKED)[1]).astype(np.int64)
        size = len(index.to_bytes()) / len(rows)
        return "turbovec", f"{bits} bits{', calibrated' if calibrated else ''}", size, ids

    for bits in (2, 3, 4):
        for calibrated in (False, True):
            yield f"{bits} bits", lambda bits=bits, calibrated=calibrated: point(bits, calibrated)


def usearch_points(rows: np.ndarray, queries: np.ndarray) -> Iterator[tuple[str, Callable[[], Point]]]:
    from usearch.index import search

    def integers() -> Point:
        codes, asked = (np.clip(np.round(x * 127), -127, 127).astype(np.int8) for x in (rows, queries))
        ids = np.asarray(search(codes, asked, ASKED, "cos", exact=True).keys).astype(np.int64)
        return "usearch", "i8, exact", rows.shape[1], ids

    def bits() -> Point:
        codes, asked = (np.packbits(x > 0, axis=1) for x in (rows, queries))
        ids = np.asarray(search(codes, asked, ASKED, "hamming", exact=True).keys).astype(np.int64)
        return "usearch", "b1, exact", codes.shape[1], ids

    yield "i8", integers
    yield "b1", bits


def sqlite_points(rows: np.ndarray, queries: np.ndarray) -> Iterator[tuple[str, Callable[[], Point]]]:
    # Python's own sqlite3 is often built without extensions.
    import apsw
    import sqlite_vec

    def point(kind: str) -> Point:
        dims = rows.shape[1]
        base = apsw.Connection(":memory:")
        base.enable_load_extension(True)
        base.load_extension(sqlite_vec.loadable_path())
        width = dims // 8 * 8 if kind == "bit" else dims
        how = "vec_quantize_binary(?)" if kind == "bit" else "vec_quantize_int8(?, 'unit')"
        metric = "" if kind == "bit" else " distance_metric=cosine"
        base.execute(f"create virtual table v using vec0(e {kind}[{width}]{metric})")
        base.executemany(
            f"insert into v(rowid, e) values (?, {how})",
            ((i, row[:width].tobytes()) for i, row in enumerate(rows)),
        )
        ask = f"select rowid from v where e match {how} and k = {ASKED} order by distance"
        ids = [[i for (i,) in base.execute(ask, (q[:width].tobytes(),) * ask.count('?'))] for q in queries]
        return "sqlite-vec", kind, width / 8 if kind == "bit" else width, np.array(ids)

    yield "int8", lambda: point("int8")
    yield "bit", lambda: point("bit")


LIBRARIES = {
    "faiss-cpu": faiss_points,
    "rabitqlib": rabitqlib_points,
    "turbovec": turbovec_points,
    "usearch": usearch_points,
    "sqlite-vec": sqlite_points,
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--only", default="", help="libraries whose name holds this text")
    args = parser.parse_args()

    dims = json.loads((args.folder / "info.json").read_text())["dims"]
    rows, queries = (
        unit(np.fromfile(args.folder / f"{name}.f32", "<f4").reshape(-1, dims)) for name in ("rows", "queries")
    )
    truth = np.fromfile(args.folder / "truth.i32", "<i4").reshape(-1, K)
    own = np.fromfile(args.folder / "own.i32", "<i4")
    faiss.omp_set_num_threads(1)
    for package, points in LIBRARIES.items():
        if args.only not in package:
            continue
        for name, make in points(rows, queries):
            line: dict[str, object] = {"package": package, "version": version(package), "name": name}
            try:
                library, name, size, ids = make()
                hits = sum(
                    len(set([i for i in found if i != self][:K]) & set(wanted))
                    for found, wanted, self in zip(ids.tolist(), truth.tolist(), own.tolist(), strict=True)
                )
                line |= {"library": library, "name": name, "bytes": size, "recall": hits / truth.size}
            except Exception as error:  # a refusal is reported in the table too
                line |= {"error": f"{type(error).__name__}: {error}".splitlines()[0][:200]}
            print(json.dumps(line), flush=True)


if __name__ == "__main__":
    main()
