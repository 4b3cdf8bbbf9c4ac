"""Opens the file of a fewbits index with numpy alone.

    python3 decode_index.py index.safetensors vectors decoded.npy  # writes the result of reconstruct()
    python3 decode_index.py index.safetensors search query.npy     # prints the result of search()
"""
import json, sys, zlib
import numpy as np

TYPES = {"I8": "i1", "U8": "u1", "U32": "<u4", "I64": "<i8",
         "F16": "<f2", "F32": "<f4", "F64": "<f8"}
PLANES = {1: [1], 2: [2], 3: [2, 1], 4: [4], 5: [4, 1], 6: [4, 2], 8: [4, 4]}  # high bits first
DISTORTION = {1: 0.363380, 2: 0.117482, 3: 0.037440, 4: 0.009497, 6: 0.001041, 8: 0.0000877}  # of N(0,1)

def read_safetensors(path):
    data = open(path, "rb").read()
    start = 8 + int.from_bytes(data[:8], "little")
    header = json.loads(data[8:start])
    metadata, tensors = header.pop("__metadata__"), {}
    for name, tensor in header.items():
        first, end = (start + offset for offset in tensor["data_offsets"])
        values = np.frombuffer(data[first:end], TYPES[tensor["dtype"]])
        tensors[name] = values.reshape(tensor["shape"])
    assert zlib.crc32(data[:-4]) == int.from_bytes(data[-4:], "little"), "the file is damaged"
    return metadata, tensors

def levels(codes, segments, t):
    """What the codes stand for: a row of integers a vector."""
    if codes.dtype == np.int8:  # 8 bits: the levels themselves
        return codes.astype(np.float32)
    rows, byte, parts = len(codes), 0, []
    for dims, bits in segments:
        code = np.zeros((rows, dims), int)  # 0 bits take no bytes
        for plane in PLANES.get(bits, []):  # each starts a byte, first dimension in its lowest bits
            end = byte + (dims * plane + 7) // 8
            fields = codes[:, byte:end, None] >> np.arange(0, 8, plane) & (2**plane - 1)
            code = code << plane | fields.reshape(rows, (end - byte) * 8 // plane)[:, :dims]
            byte = end
        parts.append(t[f"levels.{bits}"][code] if bits else code)
    return np.concatenate(parts, axis=1).astype(np.float32)

def refine_tails(coarse, words):
    """The outermost levels of 4 bits as tails have them, and what factors are to be times then."""
    fine = coarse.copy()
    for row, word in zip(fine, words.tolist()):
        outermost = np.flatnonzero(np.abs(row) == 127)
        each, more = divmod(32, max(len(outermost), 1))
        for i, dim in enumerate(outermost[:32]):
            bits = min(6, each + (i < more))
            value = 111.5 + 32 * bits * ((word & 2**bits - 1) + 0.5) / 2**bits
            row[dim], word = np.copysign(value, row[dim]), word >> bits
    ratio = (coarse * fine).sum(axis=1) / np.maximum((fine * fine).sum(axis=1), 1)
    return fine, ratio[:, None]

def rotate_back(y, signs):
    """Undoes sign flips and Walsh-Hadamard transforms of the first and last 2^k values in turn."""
    dims = y.shape[1]
    window = 1 << dims.bit_length() - 1
    for turn in reversed(range(len(signs))):
        start = dims - window if turn % 2 else 0
        part, half = y[:, start : start + window], 1
        while half < window:
            a, b = np.moveaxis(part.reshape(len(y), window // half // 2, 2, half), 2, 0)
            part, half = np.stack([a + b, a - b], axis=2).reshape(len(y), window), 2 * half
        y[:, start : start + window] = part / np.sqrt(np.float32(window))
        y *= signs[turn]
    return y

class Index:
    def __init__(self, path):
        self.metadata, self.t = meta, t = read_safetensors(path)
        assert meta["format"] == "fewbits.index" and meta["version"] in "1234", "another kind of file"
        rows, dims, bits = int(meta["rows"]), int(meta["dims"]), int(meta["bits"])
        self.metric, self.mean = meta["metric"], t.get("mean")
        segments = np.array(t.get("transform.segments", [(dims, bits)]), int)
        if "ids" in t or "ids.text" not in t:
            self.ids = t["ids"].tolist() if "ids" in t else list(range(rows))
        else:
            ends, text = t["ids.ends"].astype(int).tolist(), t["ids.text"].tobytes()
            texts = [text[a:b].decode() for a, b in zip([0] + ends, ends)]
            self.ids = [s if kind == 1 else int(s) for s, kind in zip(texts, t["ids.types"])]
        self.bits = int(meta["refine"]) or bits
        if self.metric == "hamming":  # packed as numpy does, first dimension in the highest bit
            self.levels = np.unpackbits(t["codes"], axis=1)[:, :dims] * np.float32(2) - 1
            return
        if "refine.codes" in t:  # the finer code, if there is one
            self.levels = levels(t["refine.codes"], [(dims, self.bits)], t)
            self.factors = t["refine.factors"][:, None]
        elif "transform.segments" in t:  # a factor per segment that has bits
            self.levels, self.bits = levels(t["codes"], segments, t), 0
            coded = t["factors"].astype(np.float32) * t["transform.scales"][segments[:, 1] > 0]
            factors = np.zeros((rows, len(segments)), np.float32)
            factors[:, segments[:, 1] > 0] = coded
            self.factors = np.repeat(factors, segments[:, 0], axis=1)
        else:
            self.levels, self.factors = levels(t["codes"], segments, t), t["factors"][:, None]
        if "tails" in t:
            self.levels, ratio = refine_tails(self.levels, t["tails"])
            self.factors = self.factors * ratio

    def back(self, factors):
        y = self.levels * factors
        signs = self.t.get("rotation.signs")  # finer codes use them after calibrate too
        return y @ self.t["transform.matrix"].T if signs is None else rotate_back(y, signs)

    def vectors(self):
        """The vectors that the codes stand for, shortened to where they are nearest."""
        if self.metric == "hamming":
            return self.levels
        factors = self.factors * np.float32(1 - DISTORTION.get(self.bits, 0))
        if self.metric == "cosine" and self.mean is None and self.bits:
            norms = np.sqrt((self.levels**2).sum(axis=1, keepdims=True))
            factors = (self.factors > 0) / np.maximum(norms, 1)
        return self.back(factors.astype(np.float32)) + (0 if self.mean is None else self.mean)

    def scores(self, query):
        """Cosines or inner products; for l2 squared distances, for hamming how many bits differ."""
        if self.metric == "hamming":
            return ((query > 0) != (self.levels > 0)).sum(axis=1)
        query = query.astype(np.float32)
        mean = np.zeros_like(query) if self.mean is None else self.mean
        if self.metric == "l2":
            query = query - mean
            return (query @ query + self.t["norms"]) - 2 * (self.back(self.factors) @ query)
        if self.metric == "cosine":
            query = query / max(np.linalg.norm(query), 1e-30)
        constant, share = query @ mean, np.float32(0)
        if "mean.products" in self.t and mean @ mean >= 1e-30:  # the query's part along the mean is exact
            least = np.float32(constant / (mean @ mean))
            left = query @ query - least * constant
            share = np.float32(1) if (least - 1) ** 2 * (mean @ mean) <= 3 * left else least
            query = query - share * mean
        products = share * self.t.get("mean.products", np.float32(0))
        return self.back(self.factors) @ query + products + constant

if __name__ == "__main__":
    index, (command, file) = Index(sys.argv[1]), sys.argv[2:4]
    if command == "vectors":
        np.save(file, index.vectors())
    else:
        scores = index.scores(np.load(file))
        order = np.argsort(scores if index.metric in ("l2", "hamming") else -scores, kind="stable")
        print(json.dumps([[index.ids[row], float(scores[row])] for row in order[:10]]))
