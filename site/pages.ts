/** A page of the site. The list drives navigation, titles, the build and the browser tests. */
export interface Page {
  /** Its folder in pages/; '' is the home page. */
  readonly name: string;
  readonly title: string;
  /** For search engines and the list on the home page. */
  readonly summary: string;
  readonly group: Group;
  /** Bits a value, of 32, as drawn in the ruler above the title. */
  readonly bits: number;
}

export const groups = ['Start', 'Ideas', 'Tools'] as const;
export type Group = (typeof groups)[number];

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
    name: 'symmetric-asymmetric',
    title: 'Symmetric and asymmetric',
    summary: 'Scale, zero point and codes of ten numbers; what rounding costs; an integer layer.',
    group: 'Ideas',
    bits: 8,
  },
];
