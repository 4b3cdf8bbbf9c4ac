// Ranges, codes and values with SIMD. Long because it holds every kernel of the family.

#include "simd/simd.h"

#include "uniform/kernels.h"

#if FEWBITS_SIMD

namespace fewbits::uniform::simd {
namespace {

using fewbits::simd::constant_f32x4;
using fewbits::simd::constant_i32x4;

// 1.5 * 2^23: adding it rounds a value below 2^22 to an integer, ties to even, and leaves that in
// the low bits.
constexpr float kMagic = 12582912.0f;
constexpr std::int32_t kMagicBits = 0x4B400000;
constexpr std::int32_t kFarZero = 1 << 21;
// From here on 255 * scale may overflow, and with it x - minimum.
constexpr float kHugeScale = 0x1p118f;

// The least normal float16, and the largest.
constexpr float kLeastF16 = 0x1p-14f;
constexpr float kLargestF16 = 65504.0f;

/// Blocks that the vectors of the fast path cannot handle.
bool needs_scalar(const Block& block) {
  return block.scale >= kHugeScale || block.zero_point >= kFarZero || block.zero_point <= -kFarZero;
}

template <typename Predicate>
bool any_of(const Blocks& blocks, std::size_t n, Predicate predicate) {
  bool any = false;
  for (std::size_t i = 0; i < n; ++i) any |= predicate(entry(blocks, i));
  return any;
}

template <Rounding kRounding>
v128_t rounded(v128_t v) {
  if constexpr (kRounding == Rounding::truncate) return wasm_f32x4_trunc(v);
  if constexpr (kRounding == Rounding::floor) return wasm_f32x4_floor(v);
  return v;  // the magic number rounds
}

/// The map of four values, or of all values of a block.
struct Map {
  v128_t scale;
  v128_t minimum;
  v128_t low;  ///< bounds of the quotient, so that codes are 0 to the largest
  v128_t high;
  v128_t bias;  ///< from the bits of the rounded sum to the code

  Map(v128_t scales, v128_t minima, v128_t zeros, v128_t top)
      : scale(scales),
        minimum(minima),
        low(wasm_f32x4_neg(wasm_f32x4_convert_i32x4(zeros))),
        high(wasm_f32x4_convert_i32x4(wasm_i32x4_sub(top, zeros))),
        bias(wasm_i32x4_sub(zeros, wasm_i32x4_splat(kMagicBits))) {}

  /// Codes as int32 lanes. Clamping before rounding gives the same as rounding before clamping,
  /// because the bounds are integers.
  template <Rounding kRounding, bool kMinimum>
  v128_t codes(v128_t x, v128_t magic) const {
    const v128_t above = kMinimum ? wasm_f32x4_sub(x, minimum) : x;
    const v128_t quotient = wasm_f32x4_div(above, scale);
    const v128_t clamped = wasm_f32x4_pmin(wasm_f32x4_pmax(quotient, low), high);
    return wasm_i32x4_add(wasm_f32x4_add(rounded<kRounding>(clamped), magic), bias);
  }
};

v128_t bytes_of(v128_t a, v128_t b, v128_t c, v128_t d) {
  return wasm_u8x16_narrow_i16x8(wasm_i16x8_narrow_i32x4(a, b), wasm_i16x8_narrow_i32x4(c, d));
}

template <Rounding kRounding, bool kMinimum>
void encode_blocks_of(const float* x, std::size_t count, std::size_t block, const Blocks& blocks,
                      const Codes& codes, std::uint8_t* out) {
  const v128_t magic = constant_f32x4(kMagic);
  const v128_t flip = wasm_i8x16_splat(static_cast<std::int8_t>(codes.offset));
  const v128_t top = wasm_i32x4_splat(codes.max);
  for (std::size_t b = 0; b < count; ++b, x += block, out += block) {
    std::size_t i = 0;
    if (!needs_scalar(entry(blocks, b))) {
      const Map map(wasm_f32x4_splat(blocks.scales[b]), wasm_f32x4_splat(blocks.minima[b]),
                    wasm_i32x4_splat(blocks.zero_points[b] + codes.offset), top);
      const auto four = [&](std::size_t j) {
        return map.codes<kRounding, kMinimum>(wasm_v128_load(x + j), magic);
      };
      for (; i + 16 <= block; i += 16) {
        const v128_t bytes = bytes_of(four(i), four(i + 4), four(i + 8), four(i + 12));
        wasm_v128_store(out + i, wasm_v128_xor(bytes, flip));
      }
    }
    if (i < block) scalar::encode_blocks(x + i, 1, block - i, from(blocks, b), codes, out + i);
  }
}

template <Rounding kRounding, bool kMinimum>
std::size_t encode_each_of(const float* x, std::size_t n, const Blocks& blocks, const Codes& codes,
                           std::uint8_t* out) {
  const v128_t magic = constant_f32x4(kMagic);
  const v128_t flip = wasm_i8x16_splat(static_cast<std::int8_t>(codes.offset));
  const v128_t top = wasm_i32x4_splat(codes.max);
  const v128_t offset = wasm_i32x4_splat(codes.offset);
  const auto four = [&](std::size_t i) {
    const v128_t zero = wasm_i32x4_add(wasm_v128_load(blocks.zero_points + i), offset);
    const Map map(wasm_v128_load(blocks.scales + i), wasm_v128_load(blocks.minima + i), zero, top);
    return map.codes<kRounding, kMinimum>(wasm_v128_load(x + i), magic);
  };
  std::size_t i = 0;
  for (; i + 16 <= n; i += 16) {
    const v128_t bytes = bytes_of(four(i), four(i + 4), four(i + 8), four(i + 12));
    wasm_v128_store(out + i, wasm_v128_xor(bytes, flip));
  }
  return i;
}

/// Calls `f` with the rounding, and whether there is a minimum, as constants.
template <typename F>
void by_kind(const Codes& codes, F f) {
  switch (codes.rounding) {
    case Rounding::nearest:
      codes.affine ? f.template operator()<Rounding::nearest, true>()
                   : f.template operator()<Rounding::nearest, false>();
      break;
    case Rounding::truncate:
      codes.affine ? f.template operator()<Rounding::truncate, true>()
                   : f.template operator()<Rounding::truncate, false>();
      break;
    case Rounding::floor:
      codes.affine ? f.template operator()<Rounding::floor, true>()
                   : f.template operator()<Rounding::floor, false>();
      break;
  }
}

struct Decoder {
  v128_t scale;
  v128_t minimum;
  v128_t zero;

  v128_t operator()(v128_t codes) const {
    const v128_t level = wasm_f32x4_convert_i32x4(wasm_i32x4_sub(codes, zero));
    return wasm_f32x4_add(wasm_f32x4_mul(level, scale), minimum);
  }
};

struct Sixteen {
  v128_t lanes[4];
};

Sixteen widened(v128_t bytes) {
  const v128_t low = wasm_u16x8_extend_low_u8x16(bytes);
  const v128_t high = wasm_u16x8_extend_high_u8x16(bytes);
  return {{wasm_u32x4_extend_low_u16x8(low), wasm_u32x4_extend_high_u16x8(low),
           wasm_u32x4_extend_low_u16x8(high), wasm_u32x4_extend_high_u16x8(high)}};
}

/// The smallest and largest of some values, and whether all are finite (x - x is 0 then, and NaN
/// otherwise).
struct Extent {
  v128_t min = wasm_f32x4_splat(kNoRange.min);
  v128_t max = wasm_f32x4_splat(kNoRange.max);
  v128_t odd = wasm_i32x4_splat(0);

  void add(v128_t x) {
    min = wasm_f32x4_pmin(min, x);
    max = wasm_f32x4_pmax(max, x);
    odd = wasm_v128_or(odd, wasm_f32x4_sub(x, x));
  }
  void add(const Extent& other) {
    min = wasm_f32x4_pmin(min, other.min);
    max = wasm_f32x4_pmax(max, other.max);
    odd = wasm_v128_or(odd, other.odd);
  }
};

/// The extent of a run of a multiple of 8 values; two chains hide the latency of the comparisons.
Extent extent_of(const float* x, std::size_t n) {
  Extent even;
  Extent odd;
  for (std::size_t i = 0; i < n; i += 8) {
    even.add(wasm_v128_load(x + i));
    odd.add(wasm_v128_load(x + i + 4));
  }
  even.add(odd);
  return even;
}

template <typename Op>
float across(v128_t v, Op op) {
  v = op(v, wasm_i32x4_shuffle(v, v, 2, 3, 0, 1));
  v = op(v, wasm_i32x4_shuffle(v, v, 1, 0, 3, 2));
  return wasm_f32x4_extract_lane(v, 0);
}

/// op over the lanes of each of four vectors, as four lanes.
template <typename Op>
v128_t across(v128_t a, v128_t b, v128_t c, v128_t d, Op op) {
  const v128_t ab = op(wasm_i32x4_shuffle(a, b, 0, 4, 1, 5), wasm_i32x4_shuffle(a, b, 2, 6, 3, 7));
  const v128_t cd = op(wasm_i32x4_shuffle(c, d, 0, 4, 1, 5), wasm_i32x4_shuffle(c, d, 2, 6, 3, 7));
  return op(wasm_i32x4_shuffle(ab, cd, 0, 1, 4, 5), wasm_i32x4_shuffle(ab, cd, 2, 3, 6, 7));
}

/// For magnitudes from kLeastF16 on, and zero: the last 13 bits are rounded off, ties to even.
v128_t rounded_to_f16(v128_t v) {
  const v128_t odd = wasm_v128_and(wasm_u32x4_shr(v, 13), wasm_i32x4_splat(1));
  const v128_t sum = wasm_i32x4_add(wasm_i32x4_add(v, wasm_i32x4_splat(0xFFF)), odd);
  return wasm_v128_and(sum, wasm_i32x4_splat(~0x1FFF));
}

v128_t min_of(v128_t a, v128_t b) {
  return wasm_f32x4_pmin(a, b);
}
v128_t max_of(v128_t a, v128_t b) {
  return wasm_f32x4_pmax(a, b);
}

}  // namespace

bool widen_run(const float* x, std::size_t n, Range* out) {
  const std::size_t whole = n / 8 * 8;
  const Extent extent = extent_of(x, whole);
  out->min = std::min(out->min, across(extent.min, min_of));
  out->max = std::max(out->max, across(extent.max, max_of));
  const bool rest = scalar::widen_run(x + whole, n - whole, out);
  return rest && !wasm_v128_any_true(extent.odd);
}

bool widen_each(const float* x, std::size_t n, const Ranges& ranges) {
  v128_t odd = wasm_i32x4_splat(0);
  std::size_t i = 0;
  for (; i + 4 <= n; i += 4) {
    const v128_t a = wasm_v128_load(x + i);
    wasm_v128_store(ranges.min + i, wasm_f32x4_pmin(wasm_v128_load(ranges.min + i), a));
    wasm_v128_store(ranges.max + i, wasm_f32x4_pmax(wasm_v128_load(ranges.max + i), a));
    odd = wasm_v128_or(odd, wasm_f32x4_sub(a, a));
  }
  const bool rest = scalar::widen_each(x + i, n - i, from(ranges, i));
  return rest && !wasm_v128_any_true(odd);
}

bool range_blocks(const float* x, std::size_t count, std::size_t block, const Ranges& ranges) {
  v128_t odd = wasm_i32x4_splat(0);
  std::size_t b = 0;
  // Four blocks at a time: their lanes are reduced together.
  for (; block % 8 == 0 && b + 4 <= count; b += 4) {
    Extent extents[4];
    for (std::size_t j = 0; j < 4; ++j) {
      extents[j] = extent_of(x + (b + j) * block, block);
      odd = wasm_v128_or(odd, extents[j].odd);
    }
    wasm_v128_store(ranges.min + b,
                    across(extents[0].min, extents[1].min, extents[2].min, extents[3].min, min_of));
    wasm_v128_store(ranges.max + b,
                    across(extents[0].max, extents[1].max, extents[2].max, extents[3].max, max_of));
  }
  bool finite = !wasm_v128_any_true(odd);
  for (; b < count; ++b) {
    Range range = kNoRange;
    finite = widen_run(x + b * block, block, &range) && finite;
    ranges.min[b] = range.min;
    ranges.max[b] = range.max;
  }
  return finite;
}

std::size_t choose_each(const Ranges& ranges, std::size_t count, const Format& format,
                        const Blocks& blocks) {
  const bool f16 = format.scale_type == ScaleType::f16;
  const float steps = static_cast<float>((1 << format.bits) - 1);
  const float signed_steps = static_cast<float>((1 << (format.bits - 1)) - 1);
  const v128_t zero = wasm_i32x4_splat(0);
  const v128_t least = wasm_f32x4_splat(f16 ? kLeastF16 : std::numeric_limits<float>::min());
  const v128_t most = wasm_f32x4_splat(f16 ? kLargestF16 : kHugeScale);
  const auto within = [&](v128_t v) {
    return wasm_v128_and(wasm_f32x4_ge(v, least), wasm_f32x4_lt(v, most));
  };
  std::size_t i = 0;
  for (; i + 4 <= count; i += 4) {
    const v128_t min = wasm_f32x4_add(wasm_v128_load(ranges.min + i), zero);
    const v128_t max = wasm_v128_load(ranges.max + i);
    const v128_t largest = wasm_f32x4_pmax(wasm_f32x4_abs(min), wasm_f32x4_abs(max));
    v128_t scale;
    if (format.scheme == Scheme::symmetric) {
      scale = wasm_f32x4_div(largest, wasm_f32x4_splat(signed_steps));
    } else {
      scale = wasm_f32x4_div(wasm_f32x4_sub(max, min), wasm_f32x4_splat(steps));
    }
    // Constants, subnormal scales and overflows are rare, and left to the reference.
    v128_t usual = within(scale);
    v128_t minimum = zero;
    v128_t zero_point = zero;
    if (format.scheme == Scheme::asymmetric) {
      scale = wasm_f32x4_pmax(scale, wasm_f32x4_mul(largest, wasm_f32x4_splat(0x1p-24f)));
      usual = wasm_v128_and(usual, within(scale));
    } else if (format.scheme == Scheme::affine) {
      minimum = min;
    }
    if (f16) {
      scale = rounded_to_f16(scale);
      const v128_t plain =
          wasm_v128_or(within(wasm_f32x4_abs(minimum)), wasm_f32x4_eq(minimum, zero));
      usual = wasm_v128_and(usual, plain);
      minimum = rounded_to_f16(minimum);
    }
    if (format.scheme == Scheme::asymmetric) {
      const v128_t level = wasm_f32x4_nearest(wasm_f32x4_div(wasm_f32x4_neg(min), scale));
      zero_point = wasm_i32x4_trunc_sat_f32x4(level);
    }
    if (!wasm_i32x4_all_true(usual)) {
      const std::size_t chosen = scalar::choose_each(from(ranges, i), 4, format, from(blocks, i));
      if (chosen < 4) return i + chosen;
      continue;
    }
    wasm_v128_store(blocks.scales + i, scale);
    wasm_v128_store(blocks.minima + i, minimum);
    wasm_v128_store(blocks.zero_points + i, zero_point);
  }
  return i + scalar::choose_each(from(ranges, i), count - i, format, from(blocks, i));
}

void encode_blocks(const float* x, std::size_t count, std::size_t block, const Blocks& blocks,
                   const Codes& codes, std::uint8_t* out) {
  by_kind(codes, [&]<Rounding kRounding, bool kMinimum>() {
    encode_blocks_of<kRounding, kMinimum>(x, count, block, blocks, codes, out);
  });
}

void decode_blocks(const std::uint8_t* in, std::size_t count, std::size_t block,
                   const Blocks& blocks, const Codes& codes, float* out) {
  const v128_t flip = wasm_i8x16_splat(static_cast<std::int8_t>(codes.offset));
  for (std::size_t b = 0; b < count; ++b, in += block, out += block) {
    const Decoder decode = {wasm_f32x4_splat(blocks.scales[b]), wasm_f32x4_splat(blocks.minima[b]),
                            wasm_i32x4_splat(blocks.zero_points[b] + codes.offset)};
    std::size_t i = 0;
    const std::size_t end = overflows(entry(blocks, b), codes) ? 0 : block;
    for (; i + 16 <= end; i += 16) {
      const Sixteen wide = widened(wasm_v128_xor(wasm_v128_load(in + i), flip));
      for (int j = 0; j < 4; ++j) wasm_v128_store(out + i + 4 * j, decode(wide.lanes[j]));
    }
    if (i < block) scalar::decode_blocks(in + i, 1, block - i, from(blocks, b), codes, out + i);
  }
}

void encode_each(const float* x, std::size_t n, const Blocks& blocks, const Codes& codes,
                 std::uint8_t* out) {
  std::size_t done = 0;
  if (!any_of(blocks, n, needs_scalar)) {
    by_kind(codes, [&]<Rounding kRounding, bool kMinimum>() {
      done = encode_each_of<kRounding, kMinimum>(x, n, blocks, codes, out);
    });
  }
  scalar::encode_each(x + done, n - done, from(blocks, done), codes, out + done);
}

void decode_each(const std::uint8_t* in, std::size_t n, const Blocks& blocks, const Codes& codes,
                 float* out) {
  const v128_t offset = wasm_i32x4_splat(codes.offset);
  const v128_t flip = wasm_i8x16_splat(static_cast<std::int8_t>(codes.offset));
  const bool overflow = any_of(blocks, n, [&](const Block& b) { return overflows(b, codes); });
  const std::size_t end = overflow ? 0 : n;
  std::size_t i = 0;
  for (; i + 16 <= end; i += 16) {
    const Sixteen wide = widened(wasm_v128_xor(wasm_v128_load(in + i), flip));
    for (int j = 0; j < 4; ++j) {
      const std::size_t k = i + 4 * j;
      const Decoder decode = {wasm_v128_load(blocks.scales + k), wasm_v128_load(blocks.minima + k),
                              wasm_i32x4_add(wasm_v128_load(blocks.zero_points + k), offset)};
      wasm_v128_store(out + k, decode(wide.lanes[j]));
    }
  }
  scalar::decode_each(in + i, n - i, from(blocks, i), codes, out + i);
}

}  // namespace fewbits::uniform::simd

#endif  // FEWBITS_SIMD
