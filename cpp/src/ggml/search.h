// The searches behind the K formats, one block at a time: each tries several scales, rounds the
// block with each, fits scale (and minimum) to the codes by weighted least squares and keeps the
// best. All sums run in the order of the values; that order determines the format's bytes.

#pragma once

#include <cstdint>

namespace fewbits::ggml::search {

/// Below this value a symmetric block counts as all zeros.
inline constexpr float kZeroLimit = 1e-15f;

/// Scale candidates (first + step * i + levels) / range for i in 0..last.
struct Grid {
  float first;
  float step;
  int last;
};

struct Affine {
  float scale;
  float minimum;  ///< to be subtracted: >= 0
};

enum class Error { squared, absolute };

/// Finds codes 0..levels with scale * code - minimum close to x under weights w.
Affine fit_affine(Error error, int n, int levels, const float* x, const float* w, Grid grid,
                  std::uint8_t* codes);

/// The value of largest magnitude, with its sign; the first among equals.
float extreme(int n, const float* x);

/// Finds codes 0..2*half-1 with scale * (code - half) close to x under weights w, by default x * x.
float fit_symmetric(int n, int half, const float* x, const float* w, std::uint8_t* codes);

/// Like fit_symmetric with weights x * x, but improves one code at a time from a single start.
float refine_symmetric(int n, int half, const float* x, std::uint8_t* codes);

/// Finds codes 0..levels with scale * code close to x >= 0 under weights w: quantizes the scales
/// and minima of sub-blocks when there are importance weights.
float fit_nonnegative(int n, int levels, const float* x, const float* w, std::uint8_t* codes);

}  // namespace fewbits::ggml::search
