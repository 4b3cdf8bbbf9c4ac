// Values at the ends of their range, eight at a time.

#include "floats/encode_simd.h"
#include "floats/kernels.h"
#include "ggml/ends.h"
#include "simd/simd.h"

#if FEWBITS_SIMD

namespace fewbits::ggml::simd {
namespace {

/// Both ends in one comparison: an exponent plus its lowest bit is negative for the highest
/// exponent, and equals that bit for the lowest, below all others.
struct Ends {
  v128_t exponent;
  v128_t step;
  v128_t limit;

  explicit Ends(HalfRange range)
      : exponent(wasm_i16x8_splat(static_cast<std::int16_t>(range.exponent))),
        step(wasm_i16x8_splat(lowest_bit(range))),
        limit(wasm_i16x8_splat(range.subnormals ? static_cast<std::int16_t>(lowest_bit(range) + 1)
                                                : std::int16_t{0})) {}

  static std::int16_t lowest_bit(HalfRange range) {
    return static_cast<std::int16_t>(range.exponent & -range.exponent);
  }

  v128_t rank(v128_t halves) const { return wasm_i16x8_add(wasm_v128_and(halves, exponent), step); }

  v128_t found(v128_t rank) const { return wasm_i16x8_lt(rank, limit); }
};

/// All bits of the lanes where x is 0.
v128_t zeros(const float* x) {
  const v128_t zero = wasm_f32x4_splat(0);
  return wasm_i16x8_narrow_i32x4(wasm_f32x4_eq(wasm_v128_load(x), zero),
                                 wasm_f32x4_eq(wasm_v128_load(x + 4), zero));
}

static_assert(kEndGroup == floats::simd::kGroup);

}  // namespace

EndGroup encode_to_ends(HalfRange range, const float* x, std::uint16_t* halves, std::size_t start,
                        std::size_t n) {
  const bool f16 = range == kF16Range;
  const auto groups = f16 ? floats::simd::encode_f16_groups : floats::simd::encode_bf16_groups;
  const auto reference = f16 ? floats::scalar::encode_f16_run : floats::scalar::encode_bf16_run;
  for (;;) {
    start += groups(x + start, n - start, halves + start);
    if (start + kEndGroup > n) return scalar::encode_to_ends(range, x, halves, start, n);
    if (floats::simd::has_nan(x + start)) reference(x + start, kEndGroup, halves + start);
    const EndGroup ends = simd::next_ends(range, x, halves, start, start + kEndGroup);
    if (ends.lanes != 0) return ends;
    start += kEndGroup;
  }
}

[[gnu::noinline]] EndGroup next_ends(HalfRange range, const float* x, const std::uint16_t* halves,
                                     std::size_t start, std::size_t n) {
  const Ends ends(range);
  for (; start + kEndGroup <= n; start += kEndGroup) {
    v128_t ranks[4];
    for (int k = 0; k < 4; ++k) ranks[k] = ends.rank(wasm_v128_load(halves + start + 8 * k));
    const v128_t least =
        wasm_i16x8_min(wasm_i16x8_min(ranks[0], ranks[1]), wasm_i16x8_min(ranks[2], ranks[3]));
    if (!wasm_v128_any_true(ends.found(least))) continue;
    std::uint32_t lanes = 0;
    for (int k = 0; k < 4; ++k) {
      const v128_t found = wasm_v128_andnot(ends.found(ranks[k]), zeros(x + start + 8 * k));
      lanes |= static_cast<std::uint32_t>(wasm_i16x8_bitmask(found)) << (8 * k);
    }
    if (lanes != 0) return {start, lanes};
  }
  return scalar::next_ends(range, x, halves, start, n);
}

}  // namespace fewbits::ggml::simd

#endif  // FEWBITS_SIMD
