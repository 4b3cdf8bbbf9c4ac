// The two-level quantizer of the demo, with optional fixes of its defects.

#include "fewbits/kquant.h"

#include <algorithm>
#include <bit>
#include <cmath>

#include "base/finite.h"
#include "floats/half.h"
#include "ggml/rounding.h"

namespace fewbits::kquant {
namespace {

constexpr int kSubSize = kBlockSize / kSubBlocks;
constexpr int kCodeLevels = 15;

/// The sums of the demo: eight lanes of every fourth group first, as its tensor library adds, then
/// the lanes in order. The order shows in the last bits.
template <typename Term>
float sum(int n, Term term) {
  constexpr int lanes = 8;
  constexpr int groups = 4;
  float partial[groups][lanes] = {};
  const int vectors = n / lanes;
  const int whole = vectors - vectors % groups;
  for (int v = 0; v < vectors; ++v) {
    for (int lane = 0; lane < lanes; ++lane) {
      partial[v < whole ? v % groups : 0][lane] += term(lanes * v + lane);
    }
  }
  float total = 0;
  for (int lane = 0; lane < lanes; ++lane) {
    float column = partial[0][lane];
    for (int group = 1; group < groups; ++group) column += partial[group][lane];
    total += column;
  }
  return total;
}

/// Converts to an integer 0..255 as the demo casts: truncated, then modulo 256; 0 for NaN and out
/// of range.
int wrapped(float value) {
  if (!(std::fabs(value) < 0x1p63f)) return 0;
  return static_cast<int>(static_cast<std::int64_t>(value) & 255);
}

struct Fit {
  float scale;
  float minimum;
};

class Quantizer {
 public:
  Quantizer(const float* x, const Repairs& repairs) : x_(x), repairs_(repairs) {}

  void run(Block* out) const {
    const float square = sum(kBlockSize, [this](int i) { return x_[i] * x_[i]; });
    const float level = std::sqrt(2.0f * square / kBlockSize);
    float scales[kSubBlocks];
    float minima[kSubBlocks];
    float importance[kSubBlocks];
    for (int j = 0; j < kSubBlocks; ++j) {
      const float* x = x_ + kSubSize * j;
      float weights[kSubSize];
      for (int i = 0; i < kSubSize; ++i) weights[i] = level + std::fabs(x[i]);
      importance[j] = sum(kSubSize, [&](int i) { return weights[i]; });
      const Fit fit = fit_affine(x, weights);
      scales[j] = fit.scale;
      minima[j] = fit.minimum;
    }
    const float scale = fit_scales(scales, importance, out->subscales);
    const float zero_point = fit_scales(minima, importance, out->suboffsets);
    for (int i = 0; i < kBlockSize; ++i) {
      const int j = i / kSubSize;
      const float step = scale * out->subscales[j];
      const float offset = zero_point * out->suboffsets[j];
      out->codes[i] = step != 0 ? code((x_[i] + offset) / step, kCodeLevels) : std::uint8_t{0};
    }
    out->scale = floats::f32_from_f16(floats::f16_from_f32(scale));
    out->zero_point = floats::f32_from_f16(floats::f16_from_f32(zero_point));
  }

 private:
  /// An integer 0..255, clamped only when rounding is repaired.
  int integer(float value, int levels) const {
    return repairs_.rounding ? ggml::clamp(ggml::nearest_int(value), 0, levels) : wrapped(value);
  }

  std::uint8_t code(float value, int levels) const {
    return static_cast<std::uint8_t>(std::min(integer(value, levels), levels));
  }

  /// Scale and minimum of 32 values: candidates around the range, each fitted by least squares.
  Fit fit_affine(const float* x, const float* w) const {
    const auto [lowest, highest] = std::minmax_element(x, x + kSubSize);
    float low = std::min(*lowest, 0.0f);
    const float high = *highest;
    if (high <= low) return {0.0f, -low};
    const float sum_w = sum(kSubSize, [&](int i) { return w[i]; });
    const float sum_x =
        sum(kSubSize, [&](int i) { return w[i] * (repairs_.weighted_sum ? x[i] : x[i] * x[i]); });
    const auto error = [&](const int* codes, float scale, float minimum) {
      return sum(kSubSize, [&](int i) {
        const float c = static_cast<float>(std::min(codes[i], kCodeLevels));
        const float difference = scale * c + minimum - x[i];
        return w[i] * (difference * difference);
      });
    };
    int codes[kSubSize];
    const auto encode = [&](float inverse) {
      for (int i = 0; i < kSubSize; ++i) codes[i] = integer(inverse * (x[i] - low), kCodeLevels);
    };

    float inverse = static_cast<float>(kCodeLevels) / (high - low);
    float scale = 1.0f / inverse;
    encode(inverse);
    float best = error(codes, scale, low);
    for (int step = 0; step < 36; ++step) {
      const float more = static_cast<float>(-0.9 + 0.05 * step);
      inverse = (more + static_cast<float>(kCodeLevels)) / (high - low);
      encode(inverse);
      const auto c = [&](int i) { return static_cast<float>(codes[i]); };
      const float sum_l = sum(kSubSize, [&](int i) { return w[i] * c(i); });
      // The demo squares bytes, which wraps around.
      const float sum_l2 = sum(
          kSubSize, [&](int i) { return w[i] * static_cast<float>((codes[i] * codes[i]) & 255); });
      const float sum_xl = sum(kSubSize, [&](int i) { return w[i] * c(i) * x[i]; });
      const float determinant = sum_w * sum_l2 - sum_l * sum_l;
      if (!(determinant > 0)) continue;
      float trial_scale = (sum_w * sum_xl - sum_x * sum_l) / determinant;
      float trial_low = (sum_l2 * sum_x - sum_l * sum_xl) / determinant;
      if (trial_low > 0) {
        trial_low = 0;
        trial_scale = sum_xl / sum_l2;
      }
      const float trial = error(codes, trial_scale, trial_low);
      if (trial < best) {
        best = trial;
        scale = trial_scale;
        low = trial_low;
      }
    }
    return {scale, -low};
  }

  /// Quantizes eight scales (or minima) to integers, and returns their common factor.
  float fit_scales(const float* x, const float* w, std::uint8_t* codes) const {
    const int levels = repairs_.six_bits ? 63 : 15;
    const float top = static_cast<float>(levels);
    const float peak = *std::max_element(x, x + kSubBlocks);
    if (peak == 0) {
      std::fill(codes, codes + kSubBlocks, std::uint8_t{0});
      return 0.0f;
    }
    const auto error = [&](float inverse, auto code_of) {
      const float scale = 1.0f / inverse;
      return sum(kSubBlocks, [&](int j) {
        const float difference = x[j] - scale * static_cast<float>(code_of(j));
        return w[j] * (difference * difference);
      });
    };
    const auto integers = [&](float inverse, int* result) {
      for (int j = 0; j < kSubBlocks; ++j) result[j] = integer(inverse * x[j], levels);
    };
    int trial_codes[kSubBlocks];
    float best_inverse = top / peak;
    integers(best_inverse, trial_codes);
    float best = error(best_inverse, [&](int j) { return trial_codes[j]; });
    float inverse = best_inverse;
    for (int step = -4; step <= 4; ++step) {
      if (step == 0) continue;
      inverse = (static_cast<float>(0.1 * step) + top) / peak;
      integers(inverse, trial_codes);
      const int smallest = *std::min_element(trial_codes, trial_codes + kSubBlocks);
      const float trial = error(inverse, [&](int j) {
        return std::min(repairs_.whole_error ? trial_codes[j] : smallest, levels);
      });
      if (trial < best) {
        best = trial;
        best_inverse = inverse;
      }
    }
    if (repairs_.best_candidate) inverse = best_inverse;

    for (int j = 0; j < kSubBlocks; ++j) codes[j] = code(inverse * x[j], levels);
    const auto square = [](int c) { return static_cast<float>(c * c); };
    float sum_lx = sum(kSubBlocks, [&](int j) { return w[j] * x[j] * codes[j]; });
    float sum_l2 = sum(kSubBlocks, [&](int j) { return w[j] * square(codes[j]); });
    const int passes = repairs_.best_candidate ? 5 : 1;
    for (int pass = 0; pass < passes; ++pass) {
      // All trials of a pass start from the sums before it.
      const float start_lx = sum_lx;
      const float start_l2 = sum_l2;
      bool changed = false;
      for (int j = 0; j < kSubBlocks; ++j) {
        float lx = start_lx - w[j] * x[j] * codes[j];
        float l2 = start_l2 - w[j] * square(codes[j]);
        const std::uint8_t trial = code(x[j] * l2 / lx, levels);
        if (!(lx > 0 && l2 > 0) || trial == codes[j]) continue;
        lx += w[j] * x[j] * trial;
        l2 += w[j] * square(trial);
        if (lx * lx * sum_l2 > sum_lx * sum_lx * l2) {
          codes[j] = trial;
          sum_lx = lx;
          sum_l2 = l2;
          changed = true;
        }
      }
      if (!changed) break;
    }
    return sum_lx / sum_l2;
  }

  const float* x_;
  const Repairs repairs_;
};

float rounded(float value) {
  return floats::f32_from_f16(floats::f16_from_f32(value));
}

}  // namespace

Result quantize(const float* x, const Repairs& repairs, Block* out) {
  const std::size_t bad = first_non_finite(x, kBlockSize);
  if (bad < kBlockSize) return failure(Status::non_finite, bad);
  Quantizer(x, repairs).run(out);
  return success();
}

void dequantize(const Block& block, float* out) {
  for (int i = 0; i < kBlockSize; ++i) {
    const int j = i / kSubSize;
    const float step = rounded(block.scale * block.subscales[j]);
    const float offset = rounded(block.zero_point * block.suboffsets[j]);
    out[i] = rounded(rounded(step * block.codes[i]) - offset);
  }
}

float mean_squared_error(const float* x, const float* y, int n) {
  float total = 0;
  for (int i = 0; i < n; ++i) total += (x[i] - y[i]) * (x[i] - y[i]);
  return total / static_cast<float>(n);
}

}  // namespace fewbits::kquant
