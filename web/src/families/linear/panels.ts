// Panels: runs of whole rows of a matrix that are copied at a time.

/** Bytes of a factor that are copied at a time. */
const PANEL = 262144;

/** The number of rows of `rowBytes` bytes per panel: at least one, and at most `rows`. */
export const panelRows = (rowBytes: number, rows: number) =>
  Math.min(rows, Math.max(1, Math.floor(PANEL / Math.max(1, rowBytes))));
