// Exact search, for comparison.

export interface Found {
  readonly rows: number[];
  readonly scores: number[];
}

/** The `k` rows with the largest inner products; among equal ones the earlier. Plain JavaScript. */
export function exactSearch(x: Float32Array, dims: number, query: Float32Array, k: number): Found {
  const rows: number[] = [];
  const scores: number[] = [];
  for (let row = 0, start = 0; start < x.length; row++, start += dims) {
    let score = 0;
    for (let i = 0; i < dims; i++) score += x[start + i] * query[i];
    if (rows.length === k && score <= scores[k - 1]) continue;
    let at = rows.length;
    while (at > 0 && scores[at - 1] < score) at--;
    rows.splice(at, 0, row);
    scores.splice(at, 0, score);
    if (rows.length > k) {
      rows.pop();
      scores.pop();
    }
  }
  return { rows, scores };
}
