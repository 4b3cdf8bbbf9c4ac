#include "simd/simd.h"

#include "uniform/kernels.h"

#if FEWBITS_SIMD

namespace fewbits::uniform::simd {
namespace {

// 1.5 * 2^23: adding it leaves an integer below 2^22 in the low bits of the float.
constexpr float kIntegerBits = 12582912.0f;
// From here on 255 * scale may overflow, and with it x - minimum.
constexpr float kHugeScale = 0x1p118f;

template <Rounding kRounding>
v128_t rounded(v128_t v) {
  if constexpr (kRounding == Rounding::truncate) return wasm_f32x4_trunc(v);
  if constexpr (kRounding == Rounding::floor) return wasm_f32x4_floor(v);
  return wasm_f32x4_nearest(v);
}

/// Four codes as int32 lanes, with the bits of kIntegerBits still above them.
template <Rounding kRounding>
v128_t levels(v128_t x, v128_t scale, v128_t minimum, v128_t zero, v128_t top) {
  const v128_t level =
      wasm_f32x4_add(rounded<kRounding>(wasm_f32x4_div(wasm_f32x4_sub(x, minimum), scale)), zero);
  const v128_t clamped = wasm_f32x4_pmin(wasm_f32x4_pmax(level, wasm_f32x4_splat(0.0f)), top);
  return wasm_f32x4_add(clamped, wasm_f32x4_splat(kIntegerBits));
}

v128_t bytes_of(v128_t a, v128_t b, v128_t c, v128_t d, v128_t flip) {
  const v128_t low = wasm_i32x4_splat(0xFF);
  const v128_t ab = wasm_i16x8_narrow_i32x4(wasm_v128_and(a, low), wasm_v128_and(b, low));
  const v128_t cd = wasm_i16x8_narrow_i32x4(wasm_v128_and(c, low), wasm_v128_and(d, low));
  return wasm_v128_xor(wasm_u8x16_narrow_i16x8(ab, cd), flip);
}

template <Rounding kRounding>
std::size_t encode_run_of(const float* x, std::size_t n, const Block& block, const Codes& codes,
                          std::uint8_t* out) {
  const v128_t scale = wasm_f32x4_splat(block.scale);
  const v128_t minimum = wasm_f32x4_splat(block.minimum);
  const v128_t zero = wasm_f32x4_splat(static_cast<float>(block.zero_point + codes.offset));
  const v128_t top = wasm_f32x4_splat(static_cast<float>(codes.max));
  const v128_t flip = wasm_i8x16_splat(static_cast<std::int8_t>(codes.offset));
  std::size_t i = 0;
  for (; i + 16 <= n; i += 16) {
    const v128_t a = levels<kRounding>(wasm_v128_load(x + i), scale, minimum, zero, top);
    const v128_t b = levels<kRounding>(wasm_v128_load(x + i + 4), scale, minimum, zero, top);
    const v128_t c = levels<kRounding>(wasm_v128_load(x + i + 8), scale, minimum, zero, top);
    const v128_t d = levels<kRounding>(wasm_v128_load(x + i + 12), scale, minimum, zero, top);
    wasm_v128_store(out + i, bytes_of(a, b, c, d, flip));
  }
  return i;
}

template <Rounding kRounding>
std::size_t encode_each_of(const float* x, std::size_t n, const Blocks& blocks, const Codes& codes,
                           std::uint8_t* out) {
  const v128_t offset = wasm_i32x4_splat(codes.offset);
  const v128_t top = wasm_f32x4_splat(static_cast<float>(codes.max));
  const v128_t flip = wasm_i8x16_splat(static_cast<std::int8_t>(codes.offset));
  const auto four = [&](std::size_t i) {
    const v128_t zero =
        wasm_f32x4_convert_i32x4(wasm_i32x4_add(wasm_v128_load(blocks.zero_points + i), offset));
    return levels<kRounding>(wasm_v128_load(x + i), wasm_v128_load(blocks.scales + i),
                             wasm_v128_load(blocks.minima + i), zero, top);
  };
  std::size_t i = 0;
  for (; i + 16 <= n; i += 16) {
    wasm_v128_store(out + i, bytes_of(four(i), four(i + 4), four(i + 8), four(i + 12), flip));
  }
  return i;
}

/// Four decoded values from four int32 codes.
v128_t values(v128_t codes, v128_t scale, v128_t minimum, v128_t zero) {
  const v128_t level = wasm_f32x4_convert_i32x4(wasm_i32x4_sub(codes, zero));
  return wasm_f32x4_add(wasm_f32x4_mul(level, scale), minimum);
}

struct Sixteen {
  v128_t lanes[4];
};

Sixteen widened(v128_t bytes) {
  const v128_t low = wasm_u16x8_extend_low_u8x16(bytes);
  const v128_t high = wasm_u16x8_extend_high_u8x16(bytes);
  return {{wasm_u32x4_extend_low_u16x8(low), wasm_u32x4_extend_high_u16x8(low),
           wasm_u32x4_extend_low_u16x8(high), wasm_u32x4_extend_high_u16x8(high)}};
}

bool any_huge(const Blocks& blocks, std::size_t n) {
  Range scales;
  simd::widen_run(blocks.scales, n, &scales);
  return scales.max >= kHugeScale;
}

Blocks from(const Blocks& blocks, std::size_t i) {
  return {blocks.scales + i, blocks.minima + i, blocks.zero_points + i};
}

}  // namespace

bool widen_run(const float* x, std::size_t n, Range* out) {
  // Two chains hide the latency of the comparisons. x - x is 0 for finite values alone.
  v128_t min0 = wasm_f32x4_splat(out->min);
  v128_t max0 = wasm_f32x4_splat(out->max);
  v128_t min1 = min0;
  v128_t max1 = max0;
  v128_t odd0 = wasm_i32x4_splat(0);
  v128_t odd1 = odd0;
  std::size_t i = 0;
  for (; i + 8 <= n; i += 8) {
    const v128_t a = wasm_v128_load(x + i);
    const v128_t b = wasm_v128_load(x + i + 4);
    min0 = wasm_f32x4_pmin(min0, a);
    max0 = wasm_f32x4_pmax(max0, a);
    odd0 = wasm_v128_or(odd0, wasm_f32x4_sub(a, a));
    min1 = wasm_f32x4_pmin(min1, b);
    max1 = wasm_f32x4_pmax(max1, b);
    odd1 = wasm_v128_or(odd1, wasm_f32x4_sub(b, b));
  }
  v128_t min = wasm_f32x4_pmin(min0, min1);
  v128_t max = wasm_f32x4_pmax(max0, max1);
  min = wasm_f32x4_pmin(min, wasm_i32x4_shuffle(min, min, 2, 3, 0, 1));
  max = wasm_f32x4_pmax(max, wasm_i32x4_shuffle(max, max, 2, 3, 0, 1));
  min = wasm_f32x4_pmin(min, wasm_i32x4_shuffle(min, min, 1, 0, 3, 2));
  max = wasm_f32x4_pmax(max, wasm_i32x4_shuffle(max, max, 1, 0, 3, 2));
  out->min = wasm_f32x4_extract_lane(min, 0);
  out->max = wasm_f32x4_extract_lane(max, 0);
  const bool rest = scalar::widen_run(x + i, n - i, out);
  return rest && !wasm_v128_any_true(wasm_v128_or(odd0, odd1));
}

bool widen_each(const float* x, std::size_t n, float* min, float* max) {
  v128_t odd = wasm_i32x4_splat(0);
  std::size_t i = 0;
  for (; i + 4 <= n; i += 4) {
    const v128_t a = wasm_v128_load(x + i);
    wasm_v128_store(min + i, wasm_f32x4_pmin(wasm_v128_load(min + i), a));
    wasm_v128_store(max + i, wasm_f32x4_pmax(wasm_v128_load(max + i), a));
    odd = wasm_v128_or(odd, wasm_f32x4_sub(a, a));
  }
  const bool rest = scalar::widen_each(x + i, n - i, min + i, max + i);
  return rest && !wasm_v128_any_true(odd);
}

void encode_run(const float* x, std::size_t n, const Block& block, const Codes& codes,
                std::uint8_t* out) {
  std::size_t done = 0;
  if (block.scale < kHugeScale) {
    switch (codes.rounding) {
      case Rounding::nearest:
        done = encode_run_of<Rounding::nearest>(x, n, block, codes, out);
        break;
      case Rounding::truncate:
        done = encode_run_of<Rounding::truncate>(x, n, block, codes, out);
        break;
      case Rounding::floor:
        done = encode_run_of<Rounding::floor>(x, n, block, codes, out);
        break;
    }
  }
  scalar::encode_run(x + done, n - done, block, codes, out + done);
}

void encode_each(const float* x, std::size_t n, const Blocks& blocks, const Codes& codes,
                 std::uint8_t* out) {
  std::size_t done = 0;
  if (!any_huge(blocks, n)) {
    switch (codes.rounding) {
      case Rounding::nearest:
        done = encode_each_of<Rounding::nearest>(x, n, blocks, codes, out);
        break;
      case Rounding::truncate:
        done = encode_each_of<Rounding::truncate>(x, n, blocks, codes, out);
        break;
      case Rounding::floor:
        done = encode_each_of<Rounding::floor>(x, n, blocks, codes, out);
        break;
    }
  }
  scalar::encode_each(x + done, n - done, from(blocks, done), codes, out + done);
}

void decode_run(const std::uint8_t* in, std::size_t n, const Block& block, const Codes& codes,
                float* out) {
  const v128_t scale = wasm_f32x4_splat(block.scale);
  const v128_t minimum = wasm_f32x4_splat(block.minimum);
  const v128_t zero = wasm_i32x4_splat(block.zero_point + codes.offset);
  const v128_t flip = wasm_i8x16_splat(static_cast<std::int8_t>(codes.offset));
  std::size_t i = 0;
  for (; block.scale < kHugeScale && i + 16 <= n; i += 16) {
    const Sixteen wide = widened(wasm_v128_xor(wasm_v128_load(in + i), flip));
    for (int j = 0; j < 4; ++j) {
      wasm_v128_store(out + i + 4 * j, values(wide.lanes[j], scale, minimum, zero));
    }
  }
  scalar::decode_run(in + i, n - i, block, codes, out + i);
}

void decode_each(const std::uint8_t* in, std::size_t n, const Blocks& blocks, const Codes& codes,
                 float* out) {
  const v128_t offset = wasm_i32x4_splat(codes.offset);
  const v128_t flip = wasm_i8x16_splat(static_cast<std::int8_t>(codes.offset));
  const std::size_t end = any_huge(blocks, n) ? 0 : n;
  std::size_t i = 0;
  for (; i + 16 <= end; i += 16) {
    const Sixteen wide = widened(wasm_v128_xor(wasm_v128_load(in + i), flip));
    for (int j = 0; j < 4; ++j) {
      const std::size_t k = i + 4 * j;
      const v128_t zero = wasm_i32x4_add(wasm_v128_load(blocks.zero_points + k), offset);
      wasm_v128_store(out + k, values(wide.lanes[j], wasm_v128_load(blocks.scales + k),
                                      wasm_v128_load(blocks.minima + k), zero));
    }
  }
  scalar::decode_each(in + i, n - i, from(blocks, i), codes, out + i);
}

}  // namespace fewbits::uniform::simd

#endif  // FEWBITS_SIMD
