// The scalar reference of the searches in search.h.

#include <cmath>

#include "ggml/rounding.h"
#include "ggml/search.h"

namespace fewbits::ggml::search {

Affine fit_affine(Error error, int n, int levels, const float* x, const float* w, Grid grid,
                  std::uint8_t* codes) {
  float low = x[0];
  float high = x[0];
  float sum_w = w[0];
  float sum_x = w[0] * x[0];
  for (int i = 1; i < n; ++i) {
    if (x[i] < low) low = x[i];
    if (x[i] > high) high = x[i];
    sum_w += w[i];
    sum_x += w[i] * x[i];
  }
  if (low > 0) low = 0;
  if (high <= low) {
    for (int i = 0; i < n; ++i) codes[i] = 0;
    return {0.0f, -low};
  }
  const auto round = [&](float inverse, float base, int i) {
    return clamp(nearest_int(inverse * (x[i] - base)), 0, levels);
  };
  const auto deviation = [&](float scale, float minimum, int code, int i) {
    const float difference = scale * static_cast<float>(code) + minimum - x[i];
    return error == Error::absolute ? std::fabs(difference) : difference * difference;
  };

  float best_inverse = static_cast<float>(levels) / (high - low);
  float best_base = low;
  float scale = 1 / best_inverse;
  float best = 0;
  for (int i = 0; i < n; ++i) best += w[i] * deviation(scale, low, round(best_inverse, low, i), i);

  for (int candidate = 0; candidate <= grid.last; ++candidate) {
    // The next candidate starts from the minimum of the best fit so far.
    const float base = low;
    const float inverse =
        (grid.first + grid.step * static_cast<float>(candidate) + static_cast<float>(levels)) /
        (high - base);
    float sum_l = 0;
    float sum_l2 = 0;
    float sum_xl = 0;
    for (int i = 0; i < n; ++i) {
      const float code = static_cast<float>(round(inverse, base, i));
      const float weighted = w[i] * code;
      sum_l += weighted;
      sum_l2 += weighted * code;
      sum_xl += weighted * x[i];
    }
    const float determinant = sum_w * sum_l2 - sum_l * sum_l;
    if (!(determinant > 0)) continue;
    float trial_scale = (sum_w * sum_xl - sum_x * sum_l) / determinant;
    float trial_low = (sum_l2 * sum_x - sum_l * sum_xl) / determinant;
    if (trial_low > 0) {
      trial_low = 0;
      trial_scale = sum_xl / sum_l2;
    }
    float trial = 0;
    for (int i = 0; i < n; ++i) {
      trial += w[i] * deviation(trial_scale, trial_low, round(inverse, base, i), i);
    }
    if (trial < best) {
      best = trial;
      best_inverse = inverse;
      best_base = base;
      scale = trial_scale;
      low = trial_low;
    }
  }
  for (int i = 0; i < n; ++i) {
    codes[i] = static_cast<std::uint8_t>(round(best_inverse, best_base, i));
  }
  return {scale, -low};
}

float extreme(int n, const float* x) {
  float result = 0;
  float magnitude = 0;
  for (int i = 0; i < n; ++i) {
    if (std::fabs(x[i]) > magnitude) {
      magnitude = std::fabs(x[i]);
      result = x[i];
    }
  }
  return result;
}

float fit_symmetric(int n, int half, const float* x, const float* w, std::uint8_t* codes) {
  const float peak = extreme(n, x);
  if (std::fabs(peak) < kZeroLimit) {
    for (int i = 0; i < n; ++i) codes[i] = 0;
    return 0.0f;
  }
  float sum_lx = 0;
  float sum_l2 = 0;
  const auto round = [&](float inverse, int i) {
    return clamp(nearest_int(inverse * x[i]), -half, half - 1);
  };
  const auto accumulate = [&](float inverse) {
    sum_lx = 0;
    sum_l2 = 0;
    for (int i = 0; i < n; ++i) {
      const float code = static_cast<float>(round(inverse, i));
      const float weight = w != nullptr ? w[i] : x[i] * x[i];
      sum_lx += weight * x[i] * code;
      sum_l2 += weight * code * code;
    }
  };

  float best_inverse = static_cast<float>(-half) / peak;
  accumulate(best_inverse);
  float scale = sum_l2 != 0 ? sum_lx / sum_l2 : 0.0f;
  float best = scale * sum_lx;
  for (int step = -9; step <= 9; ++step) {
    if (step == 0) continue;
    const float inverse = -(static_cast<float>(half) + 0.1f * static_cast<float>(step)) / peak;
    accumulate(inverse);
    if (sum_l2 > 0 && sum_lx * sum_lx > best * sum_l2) {
      best_inverse = inverse;
      scale = sum_lx / sum_l2;
      best = scale * sum_lx;
    }
  }
  for (int i = 0; i < n; ++i) {
    codes[i] = static_cast<std::uint8_t>(half + round(best_inverse, i));
  }
  return scale;
}

float refine_symmetric(int n, int half, const float* x, std::uint8_t* codes) {
  const float peak = extreme(n, x);
  if (std::fabs(peak) < kZeroLimit) {
    for (int i = 0; i < n; ++i) codes[i] = 0;
    return 0.0f;
  }
  const float inverse = static_cast<float>(-half) / peak;
  float sum_lx = 0;
  float sum_l2 = 0;
  int signed_codes[32];
  for (int i = 0; i < n; ++i) {
    signed_codes[i] = clamp(nearest_int(inverse * x[i]), -half, half - 1);
    const float code = static_cast<float>(signed_codes[i]);
    const float w = x[i] * x[i];
    sum_lx += w * x[i] * code;
    sum_l2 += w * code * code;
  }
  for (int pass = 0; pass < 5; ++pass) {
    bool changed = false;
    for (int i = 0; i < n; ++i) {
      const float w = x[i] * x[i];
      const float code = static_cast<float>(signed_codes[i]);
      float lx = sum_lx - w * x[i] * code;
      if (!(lx > 0)) continue;
      float l2 = sum_l2 - w * code * code;
      const int trial = clamp(nearest_int(x[i] * l2 / lx), -half, half - 1);
      if (trial == signed_codes[i]) continue;
      lx += w * x[i] * static_cast<float>(trial);
      l2 += w * static_cast<float>(trial) * static_cast<float>(trial);
      if (l2 > 0 && lx * lx * sum_l2 > sum_lx * sum_lx * l2) {
        signed_codes[i] = trial;
        sum_lx = lx;
        sum_l2 = l2;
        changed = true;
      }
    }
    if (!changed) break;
  }
  for (int i = 0; i < n; ++i) codes[i] = static_cast<std::uint8_t>(signed_codes[i] + half);
  return sum_l2 > 0.0f ? sum_lx / sum_l2 : 0.0f;
}

float fit_nonnegative(int n, int levels, const float* x, const float* w, std::uint8_t* codes) {
  float peak = 0;
  for (int i = 0; i < n; ++i) peak = peak > x[i] ? peak : x[i];
  if (peak < kZeroLimit) {
    for (int i = 0; i < n; ++i) codes[i] = 0;
    return 0.0f;
  }
  const auto squared_error = [&](float inverse, bool bounded) {
    const float scale = 1 / inverse;
    float sum = 0;
    for (int i = 0; i < n; ++i) {
      int code = nearest_int(inverse * x[i]);
      code = bounded ? (code < levels ? code : levels) : (code & 255);
      const float difference = x[i] - scale * static_cast<float>(code);
      sum += w[i] * difference * difference;
    }
    return sum;
  };
  float inverse = static_cast<float>(levels) / peak;
  float best = squared_error(inverse, false);
  for (int step = -4; step <= 4; ++step) {
    if (step == 0) continue;
    const float candidate = (0.1f * static_cast<float>(step) + static_cast<float>(levels)) / peak;
    const float trial = squared_error(candidate, true);
    if (trial < best) {
      best = trial;
      inverse = candidate;
    }
  }
  const auto at_most = [levels](int code) { return code < levels ? code : levels; };
  float sum_lx = 0;
  float sum_l2 = 0;
  for (int i = 0; i < n; ++i) {
    const int code = at_most(nearest_int(inverse * x[i]));
    codes[i] = static_cast<std::uint8_t>(code);
    sum_lx += w[i] * x[i] * static_cast<float>(code);
    sum_l2 += w[i] * static_cast<float>(code) * static_cast<float>(code);
  }
  for (int pass = 0; pass < 5; ++pass) {
    bool changed = false;
    for (int i = 0; i < n; ++i) {
      const float code = static_cast<float>(codes[i]);
      float lx = sum_lx - w[i] * x[i] * code;
      float l2 = sum_l2 - w[i] * code * code;
      if (!(lx > 0 && l2 > 0)) continue;
      const int trial = at_most(nearest_int(x[i] * l2 / lx));
      if (trial == codes[i]) continue;
      lx += w[i] * x[i] * static_cast<float>(trial);
      l2 += w[i] * static_cast<float>(trial) * static_cast<float>(trial);
      if (lx * lx * sum_l2 > sum_lx * sum_lx * l2) {
        codes[i] = static_cast<std::uint8_t>(trial);
        sum_lx = lx;
        sum_l2 = l2;
        changed = true;
      }
    }
    if (!changed) break;
  }
  return sum_l2 > 0.0f ? sum_lx / sum_l2 : 0.0f;
}

}  // namespace fewbits::ggml::search
