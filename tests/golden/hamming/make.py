"""Writes an index file for 'hamming' and what is to be found in it, with numpy and no code of fewbits."""
import json, pathlib, zlib
import numpy as np

here = pathlib.Path(__file__).parent
rows, dims, k = 150, 77, 12
random = np.random.default_rng(11)
vectors = random.standard_normal((rows, dims)).astype("<f4")
vectors[20:40] = vectors[0:20]  # equal vectors are found in the order of adding
queries = random.standard_normal((4, dims)).astype("<f4")
queries[0] = vectors[7]
bits, wanted = vectors > 0, queries > 0
codes = np.packbits(bits, axis=1)
ids = np.arange(rows, dtype="<i8") * 3 - 50

header, body = {"__metadata__": {
    "format": "fewbits.index", "version": "3", "dims": str(dims), "bits": "1", "metric": "hamming",
    "quality": "best", "refine": "0", "seed": "0", "rows": str(rows), "nextId": str(int(ids[-1]) + 1),
}}, b""
for name, dtype, array in (("ids", "I64", ids), ("codes", "U8", codes)):
    data = array.tobytes()
    offsets = [len(body), len(body) + len(data)]
    header[name] = {"dtype": dtype, "shape": list(array.shape), "data_offsets": offsets}
    body += data
header["checksum"] = {"dtype": "U8", "shape": [4], "data_offsets": [len(body), len(body) + 4]}
text = json.dumps(header).encode()
text += b" " * (-len(text) % 8)
file = len(text).to_bytes(8, "little") + text + body
(here / "bits.index.safetensors").write_bytes(file + zlib.crc32(file).to_bytes(4, "little"))

answers = []
for query in wanted:
    distances = (bits != query).sum(axis=1)
    order = np.argsort(distances, kind="stable")[:k]
    answers.append({"ids": ids[order].tolist(), "scores": distances[order].tolist()})
(here / "vectors.f32").write_bytes(vectors.tobytes())
(here / "answers.json").write_text(json.dumps({
    "dims": dims, "k": k, "queries": queries.round(6).tolist(), "answers": answers,
    "ubinary": np.packbits(wanted, axis=1).tolist(),
    "binary": (np.packbits(wanted, axis=1).astype(np.int16) - 128).tolist(),
}) + "\n")
