// IQ4_NL, IQ4_XS: sixteen uneven levels. Eight blocks of 32 values at a time.

#include "ggml/lanes.h"

#if FEWBITS_SIMD

#include <cmath>

#include "ggml/iq4.h"
#include "ggml/kernels.h"
#include "ggml/sub_scales.h"
#include "ggml/widen_simd.h"

namespace fewbits::ggml::simd {
namespace {

FEWBITS_GGML_INLINE v128_t levels_table() {
  return wasm_i8x16_const(-127, -104, -83, -65, -49, -35, -22, -10, 1, 13, 25, 38, 53, 69, 89, 113);
}

/// For each sixteenth of -128..128: the level below its start, and the positions in it, in halves
/// and minus one, where the next two levels begin. A sixteenth is too short for three.
struct Buckets {
  std::int8_t base[16];
  std::int8_t first[16];
  std::int8_t second[16];
};

constexpr Buckets make_buckets() {
  Buckets buckets = {};
  for (int b = 0; b < 16; ++b) {
    const int start = 32 * b - 256;  // in halves
    int below = 0;
    int found = 0;
    std::int8_t bounds[2] = {31, 31};
    for (int i = 0; i < 15; ++i) {
      const int bound = kIq4Levels[i] + kIq4Levels[i + 1];  // the middle, in halves
      if (bound <= start)
        ++below;
      else if (bound < start + 32)
        bounds[found++] = static_cast<std::int8_t>(bound - start - 1);
    }
    buckets.base[b] = static_cast<std::int8_t>(below);
    buckets.first[b] = bounds[0];
    buckets.second[b] = bounds[1];
  }
  return buckets;
}

constexpr Buckets kBuckets = make_buckets();
// For the upper bytes of pairs, which look up entry 0, the result must be 0.
static_assert(kBuckets.base[0] == 0 && kBuckets.first[0] >= 0 && kBuckets.second[0] >= 0);

/// The nearest levels of |x| < 2^20 in two times four lanes, as eight int16 in -127..113.
struct Levels {
  v128_t base = wasm_v128_load(kBuckets.base);
  v128_t first = wasm_v128_load(kBuckets.first);
  v128_t second = wasm_v128_load(kBuckets.second);
  v128_t table = levels_table();
  v128_t magic = fewbits::simd::constant_f32x4(12582912.0f);
  v128_t offset = fewbits::simd::constant_i32x4(0x4B400000 - 256);
  v128_t last = fewbits::simd::constant_i32x4(0x01FF01FF);
  v128_t within_bucket = fewbits::simd::constant_i32x4(0x001F001F);

  /// `doubled`: twice the values.
  FEWBITS_GGML_INLINE v128_t operator()(v128_t doubled_a, v128_t doubled_b) const {
    // In halves, plus 256: the low bits of a float in 2^23..2^24 are its integer.
    const v128_t a = wasm_i32x4_sub(wasm_f32x4_add(wasm_f32x4_floor(doubled_a), magic), offset);
    const v128_t b = wasm_i32x4_sub(wasm_f32x4_add(wasm_f32x4_floor(doubled_b), magic), offset);
    v128_t halves = wasm_i16x8_narrow_i32x4(a, b);
    halves = wasm_i16x8_min(wasm_i16x8_max(halves, wasm_i16x8_splat(0)), last);
    const v128_t bucket = wasm_u16x8_shr(halves, 5);
    const v128_t within = wasm_v128_and(halves, within_bucket);
    const v128_t beyond_first = wasm_i8x16_gt(within, fewbits::simd::lookup16(first, bucket));
    const v128_t beyond_second = wasm_i8x16_gt(within, fewbits::simd::lookup16(second, bucket));
    v128_t index = fewbits::simd::lookup16(base, bucket);
    index = wasm_i8x16_sub(wasm_i8x16_sub(index, beyond_first), beyond_second);
    const v128_t level = fewbits::simd::lookup16(table, index);
    return wasm_i16x8_shr(wasm_i16x8_shl(level, 8), 8);
  }
};

/// The best scales of eight blocks of 32 values each.
class Search {
 public:
  /// blocks: the start of each; importance: its weights, or nullptr.
  FEWBITS_GGML_INLINE Search(const float* const* blocks, const float* const* importance,
                             const float* variances) {
    FEWBITS_ROLLED
    for (int g = 0; g < 2; ++g) {
      load_lanes(blocks + 4 * g, 32, x_[g]);
      if (importance != nullptr) {
        v128_t columns[32];
        load_lanes(importance + 4 * g, 32, columns);
        weigh(32, x_[g], columns, wasm_v128_load(variances + 4 * g), w_[g]);
      } else {
        FEWBITS_ROLLED
        for (int i = 0; i < 32; ++i) w_[g][i] = wasm_f32x4_mul(x_[g][i], x_[g][i]);
      }
    }
  }

  FEWBITS_GGML_INLINE void run(float* scales) {
    const v128_t zero = wasm_f32x4_splat(0);
    v128_t peak[2];
    v128_t empty[2];
    for (int g = 0; g < 2; ++g) {
      peak[g] = extreme(32, x_[g]);
      empty[g] = wasm_f32x4_lt(abs(peak[g]), wasm_f32x4_splat(search::kZeroLimit));
      peak[g] = select(empty[g], wasm_f32x4_splat(1), peak[g]);
    }
    const v128_t first = wasm_f32x4_splat(kIq4Levels[0]);
    v128_t inverse[2];
    for (int g = 0; g < 2; ++g) {
      inverse[g] =
          wasm_f32x4_div(wasm_f32x4_splat(1), wasm_f32x4_div(wasm_f32x4_neg(peak[g]), first));
    }
    accumulate(inverse);
    v128_t scale[2];
    v128_t best[2];
    for (int g = 0; g < 2; ++g) {
      scale[g] =
          wasm_v128_and(wasm_f32x4_div(sum_qx_[g], sum_q2_[g]), wasm_f32x4_gt(sum_q2_[g], zero));
      best[g] = wasm_f32x4_mul(scale[g], sum_qx_[g]);
    }
    for (int step = -kIq4Steps; step <= kIq4Steps; ++step) {
      const v128_t numerator = wasm_f32x4_splat(static_cast<float>(step + kIq4Levels[0]));
      for (int g = 0; g < 2; ++g) inverse[g] = wasm_f32x4_div(numerator, peak[g]);
      accumulate(inverse);
      for (int g = 0; g < 2; ++g) {
        const v128_t better = wasm_v128_and(wasm_f32x4_gt(sum_q2_[g], zero),
                                            wasm_f32x4_gt(wasm_f32x4_mul(sum_qx_[g], sum_qx_[g]),
                                                          wasm_f32x4_mul(best[g], sum_q2_[g])));
        const v128_t trial = wasm_f32x4_div(sum_qx_[g], sum_q2_[g]);
        scale[g] = select(better, trial, scale[g]);
        best[g] = select(better, wasm_f32x4_mul(trial, sum_qx_[g]), best[g]);
      }
    }
    for (int g = 0; g < 2; ++g) {
      wasm_v128_store(scales + 4 * g, wasm_v128_andnot(scale[g], empty[g]));
    }
  }

 private:
  FEWBITS_GGML_INLINE void accumulate(const v128_t* inverse) {
    const v128_t zero = wasm_f32x4_splat(0);
    const v128_t doubled[2] = {wasm_f32x4_add(inverse[0], inverse[0]),
                               wasm_f32x4_add(inverse[1], inverse[1])};
    const Levels nearest;
    v128_t qx[2] = {zero, zero};
    v128_t q2[2] = {zero, zero};
    for (int i = 0; i < 32; ++i) {
      const v128_t level =
          nearest(wasm_f32x4_mul(doubled[0], x_[0][i]), wasm_f32x4_mul(doubled[1], x_[1][i]));
      const v128_t q[2] = {wasm_f32x4_convert_i32x4(wasm_i32x4_extend_low_i16x8(level)),
                           wasm_f32x4_convert_i32x4(wasm_i32x4_extend_high_i16x8(level))};
      for (int g = 0; g < 2; ++g) {
        const v128_t weighted = wasm_f32x4_mul(w_[g][i], q[g]);
        qx[g] = wasm_f32x4_add(qx[g], wasm_f32x4_mul(weighted, x_[g][i]));
        q2[g] = wasm_f32x4_add(q2[g], wasm_f32x4_mul(weighted, q[g]));
      }
    }
    for (int g = 0; g < 2; ++g) {
      sum_qx_[g] = qx[g];
      sum_q2_[g] = q2[g];
    }
  }

  v128_t x_[2][32];
  v128_t w_[2][32];
  v128_t sum_qx_[2];
  v128_t sum_q2_[2];
};

/// Scales of eight blocks of 32 values; `importance` and `variances` as in Search.
FEWBITS_GGML_SHARED void find_scales(const float* const* blocks, const float* const* importance,
                                     const float* variances, float* scales) {
  Search(blocks, importance, variances).run(scales);
}

/// Codes of 32 values times any factor; NaN gets the last code.
FEWBITS_GGML_SHARED void quantize(const float* x, float inverse, std::uint8_t* out) {
  v128_t codes[8];
  for (int i = 0; i < 8; ++i) {
    const v128_t scaled = wasm_f32x4_mul(wasm_f32x4_splat(inverse), wasm_v128_load(x + 4 * i));
    v128_t index = wasm_i32x4_splat(15);
    for (int k = 0; k < 15; ++k) {
      const float middle = 0.5f * static_cast<float>(kIq4Levels[k] + kIq4Levels[k + 1]);
      index = wasm_i32x4_add(index, wasm_f32x4_lt(scaled, wasm_f32x4_splat(middle)));
    }
    codes[i] = index;
  }
  const v128_t low = narrow(codes[0], codes[1], codes[2], codes[3]);
  const v128_t high = narrow(codes[4], codes[5], codes[6], codes[7]);
  wasm_v128_store(out, wasm_v128_or(low, wasm_i8x16_shl(high, 4)));
}

/// Decodes 32 values scale * level.
FEWBITS_GGML_INLINE void decode32(const std::uint8_t* in, float scale, float* out) {
  const v128_t table = levels_table();
  const v128_t by = wasm_f32x4_splat(scale);
  const v128_t bytes = wasm_v128_load(in);
  const v128_t low = wasm_v128_and(bytes, wasm_i8x16_splat(15));
  const v128_t high = wasm_u8x16_shr(bytes, 4);
  decode_signed(fewbits::simd::lookup16(table, low), by, out);
  decode_signed(fewbits::simd::lookup16(table, high), by, out + 16);
}

}  // namespace

void encode_iq4_nl(const float* x, std::size_t blocks, const float* importance, BlockIQ4_NL* out) {
  for (std::size_t b = 0; b < blocks; b += 8) {
    // After the last block, it is repeated.
    const float* at[8];
    const float* columns[8];
    float variances[8];
    for (std::size_t j = 0; j < 8; ++j) {
      const std::size_t block = b + j < blocks ? b + j : blocks - 1;
      at[j] = x + 32 * block;
      columns[j] = importance != nullptr ? importance + 32 * block : nullptr;
      float total = 0;
      FEWBITS_ROLLED
      for (int i = 0; importance != nullptr && i < 32; ++i) total += at[j][i] * at[j][i];
      variances[j] = total * (2.0f / 32);
    }
    float scales[8];
    find_scales(at, importance != nullptr ? columns : nullptr, variances, scales);
    for (std::size_t j = 0; j < 8 && b + j < blocks; ++j) {
      out[b + j].scale.store(scales[j]);
      quantize(at[j], scales[j] != 0 ? 1 / scales[j] : 0.0f, out[b + j].codes);
    }
  }
}

void decode_iq4_nl(const BlockIQ4_NL* in, std::size_t blocks, float* out) {
  for (std::size_t b = 0; b < blocks; ++b, ++in, out += 32) {
    decode32(in->codes, in->scale.load(), out);
  }
}

void encode_iq4_xs(const float* x, std::size_t blocks, const float* importance, BlockIQ4_XS* out) {
  for (std::size_t b = 0; b < blocks; ++b, x += 256, ++out) {
    float total = 0;
    FEWBITS_ROLLED
    for (int i = 0; importance != nullptr && i < 256; ++i) total += x[i] * x[i];
    const float* at[8];
    const float* columns[8];
    float variances[8];
    for (std::size_t j = 0; j < 8; ++j) {
      at[j] = x + 32 * j;
      columns[j] = importance != nullptr ? importance + 256 * b + 32 * j : nullptr;
      variances[j] = total * (2.0f / 256);
    }
    float scales[8];
    find_scales(at, importance != nullptr ? columns : nullptr, variances, scales);
    float inverses[8];
    finish_iq4_xs(scales, out, inverses);
    for (int j = 0; j < 8; ++j) quantize(at[j], inverses[j], out->codes + 16 * j);
  }
}

void decode_iq4_xs(const BlockIQ4_XS* in, std::size_t blocks, float* out) {
  for (std::size_t b = 0; b < blocks; ++b, ++in, out += 256) {
    const float scale = in->scale.load();
    const int high = in->scales_high[0] | (in->scales_high[1] << 8);
    for (int j = 0; j < 8; ++j) {
      const int low = (in->scales_low[j / 2] >> (4 * (j % 2))) & 15;
      const int code = (low | (((high >> (2 * j)) & 3) << 4)) - 32;
      decode32(in->codes + 16 * j, scale * static_cast<float>(code), out + 32 * j);
    }
  }
}

}  // namespace fewbits::ggml::simd

#endif  // FEWBITS_SIMD
