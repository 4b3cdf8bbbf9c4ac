// Declarations for the page, which is written in TypeScript; it prints the other files of this folder.
export function add(texts: readonly string[]): Promise<void>;
export function search(
  query: string,
  k?: number,
): Promise<{ readonly ids: readonly string[]; readonly scores: Float32Array }>;
