// The searches of search.h with SIMD, four blocks at once. Long because it holds both searches and
// the code that they share.

#include "ggml/search_simd.h"

#include "ggml/lanes.h"

#if FEWBITS_SIMD

namespace fewbits::ggml::simd {
namespace {

using fewbits::simd::constant_f32x4;
using fewbits::simd::constant_i32x4;
using search::Error;

constexpr float kMagic = 12582912.0f;

/// Integers as floats, equal to clamp(nearest_int(value)) for |value| < 2^22 or NaN.
struct QuickRounding {
  v128_t low;
  v128_t high;
  v128_t shift = constant_f32x4(kMagic);

  QuickRounding(int from, int to)
      : low(constant_f32x4(kMagic + static_cast<float>(from))),
        high(constant_f32x4(kMagic + static_cast<float>(to))) {}

  FEWBITS_GGML_INLINE v128_t operator()(v128_t value) const {
    const v128_t shifted = wasm_f32x4_add(value, shift);
    // pmax takes its first operand when the second is NaN.
    return wasm_f32x4_sub(wasm_f32x4_pmin(wasm_f32x4_pmax(low, shifted), high), shift);
  }
};

/// The same for any value, with the wrap-around of nearest_int in rounding.h.
struct ExactRounding {
  v128_t low;
  v128_t high;
  v128_t shift = constant_f32x4(kMagic);
  v128_t mantissa = constant_i32x4(0x007FFFFF);
  v128_t zero = constant_i32x4(0x00400000);

  ExactRounding(int from, int to) : low(constant_i32x4(from)), high(constant_i32x4(to)) {}

  FEWBITS_GGML_INLINE v128_t operator()(v128_t value) const {
    const v128_t bits = wasm_v128_and(wasm_f32x4_add(value, shift), mantissa);
    const v128_t nearest = wasm_i32x4_sub(bits, zero);
    return wasm_f32x4_convert_i32x4(wasm_i32x4_min(wasm_i32x4_max(nearest, low), high));
  }
};

template <Error error>
FEWBITS_GGML_INLINE v128_t weighted_deviation(v128_t scale, v128_t minimum, v128_t code, v128_t x,
                                              v128_t w) {
  const v128_t value = wasm_f32x4_add(wasm_f32x4_mul(scale, code), minimum);
  const v128_t difference = wasm_f32x4_sub(value, x);
  return wasm_f32x4_mul(
      w, error == Error::absolute ? abs(difference) : wasm_f32x4_mul(difference, difference));
}

struct Sums {
  v128_t l;
  v128_t l2;
  v128_t xl;
};

/// The codes of a candidate, and the sums for its least-squares fit.
template <typename Rounding>
FEWBITS_GGML_INLINE Sums encode(int n, const v128_t* x, const v128_t* w, v128_t inverse,
                                v128_t base, const Rounding& round, v128_t* codes) {
  const v128_t zero = wasm_f32x4_splat(0);
  Sums sums = {zero, zero, zero};
  for (int i = 0; i < n; ++i) {
    const v128_t code = round(wasm_f32x4_mul(inverse, wasm_f32x4_sub(x[i], base)));
    codes[i] = code;
    const v128_t weighted = wasm_f32x4_mul(w[i], code);
    sums.l = wasm_f32x4_add(sums.l, weighted);
    sums.l2 = wasm_f32x4_add(sums.l2, wasm_f32x4_mul(weighted, code));
    sums.xl = wasm_f32x4_add(sums.xl, wasm_f32x4_mul(weighted, x[i]));
  }
  return sums;
}

/// The same for values outside the range of QuickRounding, which are rare.
FEWBITS_GGML_SHARED Sums encode_any(int n, const v128_t* x, const v128_t* w, int levels,
                                    v128_t inverse, v128_t base, v128_t* codes) {
  return encode(n, x, w, inverse, base, ExactRounding(0, levels), codes);
}

template <int n, Error error>
FEWBITS_GGML_INLINE v128_t error_of(const v128_t* x, const v128_t* w, v128_t scale, v128_t minimum,
                                    const v128_t* codes) {
  v128_t total = wasm_f32x4_splat(0);
  for (int i = 0; i < n; ++i) {
    total = wasm_f32x4_add(total, weighted_deviation<error>(scale, minimum, codes[i], x[i], w[i]));
  }
  return total;
}

template <int n, Error error>
FEWBITS_GGML_INLINE AffineLanes fit_affine(int levels, const v128_t* x, const v128_t* w,
                                           search::Grid grid) {
  const v128_t zero = wasm_f32x4_splat(0);
  const v128_t one = wasm_f32x4_splat(1);
  v128_t low = x[0];
  v128_t high = x[0];
  v128_t sum_w = w[0];
  v128_t sum_x = wasm_f32x4_mul(w[0], x[0]);
  FEWBITS_ROLLED
  for (int i = 1; i < n; ++i) {
    low = wasm_f32x4_pmin(low, x[i]);
    high = wasm_f32x4_pmax(high, x[i]);
    sum_w = wasm_f32x4_add(sum_w, w[i]);
    sum_x = wasm_f32x4_add(sum_x, wasm_f32x4_mul(w[i], x[i]));
  }
  const v128_t lowest = low;
  low = wasm_f32x4_pmin(low, zero);
  const v128_t flat = wasm_f32x4_le(high, low);
  if (wasm_i32x4_all_true(flat)) return {zero, wasm_f32x4_neg(low), zero, low};

  const QuickRounding quick(0, levels);
  // Whether |value| < 2^21 in all lanes that count, so that quick rounding is exact.
  const v128_t reach = wasm_f32x4_splat(0x1p21f);
  const auto within = [&](v128_t inverse, v128_t base) {
    const v128_t top = abs(wasm_f32x4_mul(inverse, wasm_f32x4_sub(high, base)));
    const v128_t bottom = abs(wasm_f32x4_mul(inverse, wasm_f32x4_sub(lowest, base)));
    return wasm_i32x4_all_true(
        wasm_v128_or(flat, wasm_v128_and(wasm_f32x4_lt(top, reach), wasm_f32x4_lt(bottom, reach))));
  };
  v128_t codes[n];
  const auto encode_within = [&](v128_t inverse, v128_t base) {
    return within(inverse, base) ? encode(n, x, w, inverse, base, quick, codes)
                                 : encode_any(n, x, w, levels, inverse, base, codes);
  };

  const v128_t top = wasm_f32x4_splat(static_cast<float>(levels));
  v128_t inverse = wasm_f32x4_div(top, wasm_f32x4_sub(high, low));
  v128_t best_inverse = inverse;
  v128_t best_base = low;
  v128_t scale = wasm_f32x4_div(one, inverse);
  encode_within(inverse, low);
  // No candidate beats an error of 0: flat lanes stay unchanged.
  v128_t best = error_of<n, error>(x, w, scale, low, codes);
  best = wasm_v128_andnot(best, flat);

  for (int candidate = 0; candidate <= grid.last; ++candidate) {
    const float numerator =
        grid.first + grid.step * static_cast<float>(candidate) + static_cast<float>(levels);
    inverse = wasm_f32x4_div(wasm_f32x4_splat(numerator), wasm_f32x4_sub(high, low));
    const Sums sums = encode_within(inverse, low);
    const v128_t determinant =
        wasm_f32x4_sub(wasm_f32x4_mul(sum_w, sums.l2), wasm_f32x4_mul(sums.l, sums.l));
    v128_t trial_scale = wasm_f32x4_div(
        wasm_f32x4_sub(wasm_f32x4_mul(sum_w, sums.xl), wasm_f32x4_mul(sum_x, sums.l)), determinant);
    v128_t trial_low = wasm_f32x4_div(
        wasm_f32x4_sub(wasm_f32x4_mul(sums.l2, sum_x), wasm_f32x4_mul(sums.l, sums.xl)),
        determinant);
    const v128_t above = wasm_f32x4_gt(trial_low, zero);
    trial_low = wasm_v128_andnot(trial_low, above);
    trial_scale = select(above, wasm_f32x4_div(sums.xl, sums.l2), trial_scale);
    const v128_t trial = error_of<n, error>(x, w, trial_scale, trial_low, codes);
    const v128_t better =
        wasm_v128_and(wasm_f32x4_gt(determinant, zero), wasm_f32x4_lt(trial, best));
    best = select(better, trial, best);
    best_inverse = select(better, inverse, best_inverse);
    best_base = select(better, low, best_base);
    scale = select(better, trial_scale, scale);
    low = select(better, trial_low, low);
  }
  return {wasm_v128_andnot(scale, flat), wasm_f32x4_neg(low), wasm_v128_andnot(best_inverse, flat),
          best_base};
}

template <int n>
FEWBITS_GGML_INLINE SymmetricLanes fit_symmetric(int half, const v128_t* x, const v128_t* w) {
  const v128_t zero = wasm_f32x4_splat(0);
  const v128_t peak = extreme(n, x);
  const v128_t empty = wasm_f32x4_lt(abs(peak), wasm_f32x4_splat(search::kZeroLimit));
  if (wasm_i32x4_all_true(empty)) return {zero, zero};
  v128_t wx[n];
  FEWBITS_ROLLED
  for (int i = 0; i < n; ++i) wx[i] = wasm_f32x4_mul(w[i], x[i]);

  // No value exceeds the peak, so |inverse * x| stays below 2 * half.
  const QuickRounding round(-half, half - 1);
  v128_t sum_lx;
  v128_t sum_l2;
  const auto accumulate = [&](v128_t inverse) {
    sum_lx = zero;
    sum_l2 = zero;
    for (int i = 0; i < n; ++i) {
      const v128_t code = round(wasm_f32x4_mul(inverse, x[i]));
      sum_lx = wasm_f32x4_add(sum_lx, wasm_f32x4_mul(wx[i], code));
      sum_l2 = wasm_f32x4_add(sum_l2, wasm_f32x4_mul(wasm_f32x4_mul(w[i], code), code));
    }
  };
  v128_t best_inverse = wasm_f32x4_div(wasm_f32x4_splat(static_cast<float>(-half)), peak);
  accumulate(best_inverse);
  v128_t scale = wasm_v128_and(wasm_f32x4_div(sum_lx, sum_l2), wasm_f32x4_ne(sum_l2, zero));
  v128_t best = wasm_f32x4_mul(scale, sum_lx);
  for (int step = -9; step <= 9; ++step) {
    if (step == 0) continue;
    const float numerator = -(static_cast<float>(half) + 0.1f * static_cast<float>(step));
    const v128_t inverse = wasm_f32x4_div(wasm_f32x4_splat(numerator), peak);
    accumulate(inverse);
    const v128_t better =
        wasm_v128_and(wasm_f32x4_gt(sum_l2, zero),
                      wasm_f32x4_gt(wasm_f32x4_mul(sum_lx, sum_lx), wasm_f32x4_mul(best, sum_l2)));
    const v128_t trial = wasm_f32x4_div(sum_lx, sum_l2);
    scale = select(better, trial, scale);
    best = select(better, wasm_f32x4_mul(trial, sum_lx), best);
    best_inverse = select(better, inverse, best_inverse);
  }
  return {wasm_v128_andnot(scale, empty), wasm_v128_andnot(best_inverse, empty)};
}

/// refine_symmetric in 4 * groups blocks at once: each step depends on the one before, and several
/// groups hide the latency.
template <int groups>
FEWBITS_GGML_INLINE void refine(int half, const float* values, float* scales) {
  constexpr int n = 16;
  const v128_t zero = wasm_f32x4_splat(0);
  v128_t x[groups][n];
  v128_t w[groups][n];
  v128_t wx[groups][n];
  v128_t codes[groups][n];
  v128_t sum_lx[groups];
  v128_t sum_l2[groups];
  v128_t empty[groups];
  const QuickRounding round(-half, half - 1);
  for (int g = 0; g < groups; ++g) {
    load_consecutive(values + 4 * n * g, n, x[g]);
    const v128_t peak = extreme(n, x[g]);
    empty[g] = wasm_f32x4_lt(abs(peak), wasm_f32x4_splat(search::kZeroLimit));
    const v128_t inverse = wasm_f32x4_div(wasm_f32x4_splat(static_cast<float>(-half)), peak);
    sum_lx[g] = zero;
    sum_l2[g] = zero;
    for (int i = 0; i < n; ++i) {
      w[g][i] = wasm_f32x4_mul(x[g][i], x[g][i]);
      wx[g][i] = wasm_f32x4_mul(w[g][i], x[g][i]);
      const v128_t code = round(wasm_f32x4_mul(inverse, x[g][i]));
      codes[g][i] = code;
      sum_lx[g] = wasm_f32x4_add(sum_lx[g], wasm_f32x4_mul(wx[g][i], code));
      sum_l2[g] = wasm_f32x4_add(sum_l2[g], wasm_f32x4_mul(wasm_f32x4_mul(w[g][i], code), code));
    }
  }
  const ExactRounding exact(-half, half - 1);
  for (int pass = 0; pass < 5; ++pass) {
    v128_t changed = zero;
    for (int i = 0; i < n; ++i) {
      for (int g = 0; g < groups; ++g) {
        const v128_t code = codes[g][i];
        const v128_t lx = wasm_f32x4_sub(sum_lx[g], wasm_f32x4_mul(wx[g][i], code));
        const v128_t l2 =
            wasm_f32x4_sub(sum_l2[g], wasm_f32x4_mul(wasm_f32x4_mul(w[g][i], code), code));
        const v128_t trial = exact(wasm_f32x4_div(wasm_f32x4_mul(x[g][i], l2), lx));
        const v128_t trial_lx = wasm_f32x4_add(lx, wasm_f32x4_mul(wx[g][i], trial));
        const v128_t trial_l2 =
            wasm_f32x4_add(l2, wasm_f32x4_mul(wasm_f32x4_mul(w[g][i], trial), trial));
        const v128_t gain =
            wasm_f32x4_gt(wasm_f32x4_mul(wasm_f32x4_mul(trial_lx, trial_lx), sum_l2[g]),
                          wasm_f32x4_mul(wasm_f32x4_mul(sum_lx[g], sum_lx[g]), trial_l2));
        const v128_t other = wasm_v128_and(wasm_f32x4_gt(lx, zero), wasm_f32x4_ne(trial, code));
        const v128_t better =
            wasm_v128_and(wasm_v128_and(other, gain), wasm_f32x4_gt(trial_l2, zero));
        codes[g][i] = select(better, trial, code);
        sum_lx[g] = select(better, trial_lx, sum_lx[g]);
        sum_l2[g] = select(better, trial_l2, sum_l2[g]);
        changed = wasm_v128_or(changed, wasm_v128_andnot(better, empty[g]));
      }
    }
    // After a pass without a change, all further passes are the same.
    if (!wasm_v128_any_true(changed)) break;
  }
  for (int g = 0; g < groups; ++g) {
    const v128_t scale =
        wasm_v128_and(wasm_f32x4_div(sum_lx[g], sum_l2[g]), wasm_f32x4_gt(sum_l2[g], zero));
    wasm_v128_store(scales + 4 * g, wasm_v128_andnot(scale, empty[g]));
  }
}

}  // namespace

AffineLanes fit_affine_16_absolute(int levels, const v128_t* x, const v128_t* w,
                                   search::Grid grid) {
  return fit_affine<16, Error::absolute>(levels, x, w, grid);
}

AffineLanes fit_affine_16(int levels, const v128_t* x, const v128_t* w, search::Grid grid) {
  return fit_affine<16, Error::squared>(levels, x, w, grid);
}

AffineLanes fit_affine_32(int levels, const v128_t* x, const v128_t* w, search::Grid grid) {
  return fit_affine<32, Error::squared>(levels, x, w, grid);
}

SymmetricLanes fit_symmetric_16(int half, const v128_t* x, const v128_t* w) {
  return fit_symmetric<16>(half, x, w);
}

SymmetricLanes fit_symmetric_32(int half, const v128_t* x, const v128_t* w) {
  return fit_symmetric<32>(half, x, w);
}

void refine_symmetric_16x16(int half, const float* x, float* scales) {
  for (int part = 0; part < 2; ++part) refine<2>(half, x + 128 * part, scales + 8 * part);
}

}  // namespace fewbits::ggml::simd

#endif  // FEWBITS_SIMD
