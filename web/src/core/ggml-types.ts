// The tensor types of ggml, in one table with a row for each.

/**
 * The tensor types of ggml as they appear in GGUF files. A row of a tensor is a whole number of blocks;
 * a block of `blockSize` values takes `bytesPerBlock` bytes.
 */
export interface GgmlType {
  readonly name: GgmlTypeName;
  /** The number of the type in a GGUF file. */
  readonly ggufId: number;
  /** Values per block: 1 for plain numbers. */
  readonly blockSize: number;
  readonly bytesPerBlock: number;
  readonly bitsPerWeight: number;
}

const table = {
  // name: [id in GGUF, values per block, bytes per block, properties of types that models can be converted
  // to]
  F32: [0, 1, 4, { fileType: 0 }],
  F16: [1, 1, 2, { fileType: 1 }],
  Q4_0: [2, 32, 18, { fileType: 2 }],
  Q4_1: [3, 32, 20, { fileType: 3 }],
  Q5_0: [6, 32, 22, { fileType: 8 }],
  Q5_1: [7, 32, 24, { fileType: 9 }],
  Q8_0: [8, 32, 34, { fileType: 7 }],
  Q8_1: [9, 32, 36],
  Q2_K: [10, 256, 84, { fileType: 10, narrower: 'Q4_0' }],
  Q3_K: [11, 256, 110, { fileType: 11, narrower: 'Q4_0' }],
  Q4_K: [12, 256, 144, { fileType: 14, narrower: 'Q5_0' }],
  Q5_K: [13, 256, 176, { fileType: 16, narrower: 'Q5_1' }],
  Q6_K: [14, 256, 210, { fileType: 18, narrower: 'Q8_0' }],
  Q8_K: [15, 256, 292],
  IQ2_XXS: [16, 256, 66],
  IQ2_XS: [17, 256, 74],
  IQ3_XXS: [18, 256, 98],
  IQ1_S: [19, 256, 50],
  IQ4_NL: [20, 32, 18, { fileType: 25 }],
  IQ3_S: [21, 256, 110],
  IQ2_S: [22, 256, 82],
  IQ4_XS: [23, 256, 136, { fileType: 30, narrower: 'IQ4_NL' }],
  I8: [24, 1, 1],
  I16: [25, 1, 2],
  I32: [26, 1, 4],
  I64: [27, 1, 8],
  F64: [28, 1, 8],
  IQ1_M: [29, 256, 56],
  BF16: [30, 1, 2, { fileType: 32 }],
  TQ1_0: [34, 256, 54, { fileType: 36, narrower: 'Q4_0' }],
  TQ2_0: [35, 256, 66, { fileType: 37, narrower: 'Q4_0' }],
  MXFP4: [39, 32, 17, {}],
  NVFP4: [40, 64, 36, { fileType: 39 }],
  Q1_0: [41, 128, 18, { fileType: 40 }],
  Q2_0: [42, 64, 18, { fileType: 41, narrower: 'Q4_0' }],
} as const satisfies Record<string, Row>;

type Row = readonly [id: number, blockSize: number, bytesPerBlock: number, made?: Made];

/** Properties of a type that tensors can be converted to. */
interface Made {
  /** The value of `general.file_type` for a model of this type, if there is one. */
  readonly fileType?: number;
  /** The type that llama.cpp's tool falls back to when rows are not whole blocks. */
  readonly narrower?: string;
}

export type GgmlTypeName = keyof typeof table;

/** The types that tensors can be converted to. */
export type GgmlTargetType = {
  [N in GgmlTypeName]: (typeof table)[N] extends readonly [number, number, number, Made]
    ? N
    : never;
}[GgmlTypeName];

export interface GgmlTarget {
  /** The value of `general.file_type` for a model of this type, if there is one. */
  readonly fileType?: number;
  /** The type with smaller blocks that replaces it when rows are not whole blocks. */
  readonly narrower?: GgmlTypeName;
}

const rows = /* @__PURE__ */ Object.entries(table) as [GgmlTypeName, Row][];

/** Every ggml type by name. */
export const ggmlTypes: Readonly<Record<GgmlTypeName, GgmlType>> = /* @__PURE__ */ (() => {
  const types = {} as Record<GgmlTypeName, GgmlType>;
  for (const [name, [ggufId, blockSize, bytesPerBlock]] of rows) {
    const bitsPerWeight = (bytesPerBlock * 8) / blockSize;
    types[name] = Object.freeze({ name, ggufId, blockSize, bytesPerBlock, bitsPerWeight });
  }
  return Object.freeze(types);
})();

/** The properties of each type that tensors can be converted to, in the order of their file types. */
export const ggmlTargets: Readonly<Record<GgmlTargetType, GgmlTarget>> = /* @__PURE__ */ (() =>
  Object.freeze(
    Object.fromEntries(
      rows
        .flatMap(([name, [id, , , made]]) => (made ? [{ name, made, id }] : []))
        .sort((a, b) => (a.made.fileType ?? a.id) - (b.made.fileType ?? b.id))
        .map(({ name, made }) => [name, made]),
    ),
  ) as Record<GgmlTargetType, GgmlTarget>)();

const byId: ReadonlyMap<number, GgmlType> = /* @__PURE__ */ new Map(
  /* @__PURE__ */ Object.values(ggmlTypes).map((type) => [type.ggufId, type]),
);

/** The type with this number in a GGUF file, or undefined for retired and unknown numbers. */
export function ggmlTypeById(ggufId: number): GgmlType | undefined {
  return byId.get(ggufId);
}

/** Whether a name is in the table, in its exact spelling. */
export function isGgmlTypeName(name: string): name is GgmlTypeName {
  return Object.hasOwn(table, name);
}
