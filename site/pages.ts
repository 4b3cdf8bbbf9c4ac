/** A page of the site. The list drives navigation, titles, the build and the browser tests. */
export interface Page {
  /** Its folder in pages/; '' is the home page. */
  readonly name: string;
  readonly title: string;
  /** For search engines, and the list on the home page. */
  readonly summary: string;
  readonly group: Group;
  /** Bits per value, of 32, as drawn in the ruler above the title. */
  readonly bits: number;
}

export const GROUPS = ['Start', 'Ideas', 'Tools'] as const;
export type Group = (typeof GROUPS)[number];

export const pages: readonly Page[] = [
  {
    name: '',
    title: 'fewbits',
    summary:
      'Few-bit quantization for the web: Float32Arrays in a half to a thirtieth of the size.',
    group: 'Start',
    bits: 4,
  },
  {
    name: 'data-types',
    title: 'Data types',
    summary: 'Sign, exponent and mantissa of nine number types, bit by bit.',
    group: 'Ideas',
    bits: 16,
  },
  {
    name: 'symmetric-asymmetric',
    title: 'Symmetric and asymmetric',
    summary: 'Scale, zero point and codes of ten numbers; what rounding costs; an integer layer.',
    group: 'Ideas',
    bits: 8,
  },
  {
    name: 'int4',
    title: 'int4',
    summary: 'Sixteen levels, two to the byte: minmax against absmax, packing, and a trap.',
    group: 'Ideas',
    bits: 4,
  },
  {
    name: 'affine-blocks',
    title: 'Affine blocks',
    summary: 'A scale and a minimum for every 32 values, and what rounding gains over truncating.',
    group: 'Ideas',
    bits: 5,
  },
  {
    name: 'k-quantization',
    title: 'K-quantization',
    summary:
      'Scales of scales: two levels of affine quantization, as published, repaired, and as Q4_K.',
    group: 'Ideas',
    bits: 5,
  },
  {
    name: 'distributional',
    title: 'Distributional',
    summary: 'Levels where the numbers are: cells of a known distribution, and four simulations.',
    group: 'Ideas',
    bits: 3,
  },
  {
    name: 'compress',
    title: 'Compress your own',
    summary: 'Quantize a .npy, .safetensors or raw float32 file in this tab and download it.',
    group: 'Tools',
    bits: 4,
  },
  {
    name: 'shrink',
    title: 'Shrink a model',
    summary: 'Turn .safetensors or .gguf into a smaller GGUF in this tab, tensor by tensor.',
    group: 'Tools',
    bits: 4,
  },
  {
    name: 'embeddings',
    title: 'Embeddings',
    summary:
      'Search vectors at 8, 4, 2 and 1 bits beside exact search: neighbours, recall, size and time.',
    group: 'Tools',
    bits: 2,
  },
  {
    name: 'transformers-js',
    title: 'With transformers.js',
    summary: 'Embed, add, search: a language model and a vector index in about twenty lines.',
    group: 'Tools',
    bits: 4,
  },
];
