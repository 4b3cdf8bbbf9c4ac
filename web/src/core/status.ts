// The numbers of fewbits::Status, which every call into C++ returns.

/** Numbers by name, as in cpp/bindings/numbers.cpp; a test compares. */
export const STATUS = {
  ok: 0,
  invalid_argument: 1,
  non_finite: 2,
  unsupported: 3,
  corrupt_data: 4,
  out_of_memory: 5,
  too_large: 6,
} as const;
