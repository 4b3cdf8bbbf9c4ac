// For the page, which is written in TypeScript; the files beside this are what it prints.
export function add(texts: readonly string[]): Promise<void>;
export function search(
  query: string,
  k?: number,
): Promise<{ readonly ids: readonly string[]; readonly scores: Float32Array }>;
