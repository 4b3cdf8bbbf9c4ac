// Locations and scales of distributions from moments and quartiles.

#include "distributional/placement.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "base/finite.h"
#include "distributional/math.h"

namespace fewbits::distributional {
namespace {

double sum_of(const double* lanes) {
  return (lanes[0] + lanes[1]) + (lanes[2] + lanes[3]);
}

double to_float_range(double x) {
  constexpr double most = std::numeric_limits<float>::max();
  return static_cast<double>(static_cast<float>(std::clamp(x, -most, most)));
}

}  // namespace

bool from_moments(const Moments& moments, std::size_t count, double shift, Statistics* out) {
  const auto n = static_cast<double>(count);
  const double drift = sum_of(moments.sum);
  const double square = sum_of(moments.square);
  const double central = square - drift * drift / n;
  const bool varies = moments.low < moments.high;
  out->count = count;
  out->low = moments.low;
  out->high = moments.high;
  out->mean = varies ? shift + drift / n : static_cast<double>(moments.low);
  out->deviation = varies ? std::sqrt(std::max(central, 0.0) / (n - 1)) : 0;
  return !varies || central >= 1e-6 * square;
}

bool statistics_of(const float* x, std::size_t n, float* sorted, Statistics* out,
                   std::size_t* bad) {
  *out = {};
  if (n == 0) return true;
  double shift = x[0];
  for (int round = 0; round < 2; ++round) {
    Moments moments;
    moments.low = moments.high = x[0];
    if (!kernels::add_moments(x, n, 0, shift, &moments)) {
      *bad = first_non_finite(x, n);
      return false;
    }
    if (from_moments(moments, n, shift, out)) break;
    shift = out->mean;
  }
  if (sorted == nullptr) return true;
  std::copy_n(x, n, sorted);
  std::size_t from = 0;
  for (std::size_t q = 1; q <= 3; ++q) {
    const std::size_t rank = (n - 1) / 4 * q + (n - 1) % 4 * q / 4;
    std::nth_element(sorted + from, sorted + rank, sorted + n);
    out->quartiles[q - 1] = sorted[rank];
    from = rank;
  }
  out->has_quartiles = true;
  return true;
}

void place(Distribution distribution, const Statistics& s, const double* zero, double* loc,
           double* scale) {
  *loc = s.mean;
  *scale = s.deviation;
  switch (distribution) {
    case Distribution::logistic:
    case Distribution::logistic_cdf:
      *scale = s.deviation * (1.73205080756887729353 / math::kPi);
      break;
    case Distribution::gumbel:
    case Distribution::gumbel_cdf:
      *scale = s.deviation * (2.44948974278317809820 / math::kPi);
      *loc = s.mean - math::kEulerGamma * *scale;
      break;
    case Distribution::cauchy_cdf:
      if (s.has_quartiles) {
        const double width =
            0.5 * (static_cast<double>(s.quartiles[2]) - static_cast<double>(s.quartiles[0]));
        *loc = s.quartiles[1];
        if (width > 0) *scale = width;
      }
      break;
    case Distribution::exponential:
    case Distribution::exponential_cdf:
      *loc = std::min(0.0, s.low);
      break;
    default:
      break;
  }
  if (zero != nullptr) *loc = *zero;
  *loc = to_float_range(*loc);
  *scale = to_float_range(*scale);
  if (!(*scale > 0) && s.count > 0) {
    *scale = to_float_range(std::max(std::fabs(s.high - *loc), std::fabs(s.low - *loc)));
  }
}

}  // namespace fewbits::distributional
