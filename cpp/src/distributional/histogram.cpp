// The histogram: finer near the centre, with the sums in each bin that errors need.

#include "distributional/histogram.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <limits>

namespace fewbits::distributional {

Result Histogram::begin(float center, float scale) {
  center_ = center;
  inverse_ = 1 / scale;
  if (!std::isfinite(inverse_)) inverse_ = std::numeric_limits<float>::max();
  return sums_.reset(kBins + 1) ? success() : failure(Status::out_of_memory);
}

std::int32_t Histogram::bin_of(float x) const {
  const float t = (x - center_) * inverse_;
  // The exponent and the first 11 bits of the mantissa of |t| + 1 count the bins.
  const auto one = std::bit_cast<std::int32_t>(1.0f);
  const std::int32_t distance = (std::bit_cast<std::int32_t>(std::fabs(t) + 1) - one) >> 12;
  const std::int32_t cut = std::min(distance, kHalf - 1);
  return t < 0 ? kHalf - 1 - cut : kHalf + cut;
}

double Histogram::width_of(std::int32_t bin) const {
  const std::int32_t distance = bin < kHalf ? kHalf - 1 - bin : bin - kHalf;
  if (distance == kHalf - 1) return std::numeric_limits<double>::infinity();
  const double octave = std::ldexp(1.0, distance / kPerOctave);
  // A little more than the bin, to allow for the rounding of its edges.
  return octave / kPerOctave / static_cast<double>(inverse_) * (1 + 1.0 / 256);
}

void Histogram::add(const float* x, std::size_t n) {
  for (std::size_t i = 0; i < n; ++i) {
    Sums& bin = sums_[static_cast<std::size_t>(bin_of(x[i]))];
    const double distance = static_cast<double>(x[i]) - static_cast<double>(center_);
    bin.count += 1;
    bin.sum += distance;
    bin.square += distance * distance;
  }
}

void Histogram::finish() {
  Sums total{};
  for (std::size_t i = 0; i < sums_.size(); ++i) {
    const Sums bin = sums_[i];
    sums_[i] = total;
    total.count += bin.count;
    total.sum += bin.sum;
    total.square += bin.square;
  }
}

Histogram::Sums Histogram::between(std::int32_t first, std::int32_t end) const {
  const Sums& a = sums_[static_cast<std::size_t>(first)];
  const Sums& b = sums_[static_cast<std::size_t>(end)];
  return {b.count - a.count, b.sum - a.sum, b.square - a.square};
}

Histogram::Estimate Histogram::estimate(const float* thresholds, const float* levels,
                                        std::uint32_t n, int order) const {
  Estimate total{0, 0};
  std::int32_t position = 0;
  const auto power = [order](double distance) {
    return order == 1 ? std::fabs(distance) : distance * distance;
  };
  // All values of a bin are within its width of their mean.
  const auto add_bin = [&](std::int32_t bin, double level, double jump) {
    const Sums s = between(bin, bin + 1);
    if (!(s.count > 0)) return;
    const double distance = s.sum / s.count - level;
    const double width = width_of(bin);
    total.error += s.count * power(distance);
    total.slack +=
        s.count * ((order == 1 ? width : (2 * std::fabs(distance) + width) * width) + jump);
  };
  for (std::uint32_t j = 0; j < n; ++j) {
    const double level = static_cast<double>(levels[j]) - static_cast<double>(center_);
    const std::int32_t end = j + 1 < n ? bin_of(thresholds[j]) : kBins;
    if (end < position) continue;  // its threshold shares a bin with the one before
    if (end > position) {
      if (order == 2) {
        const Sums s = between(position, end);
        total.error += s.square - level * (2 * s.sum - level * s.count);
      } else {
        const std::int32_t at = std::clamp(bin_of(levels[j]), position, end - 1);
        const Sums below = between(position, at);
        const Sums above = between(at + 1, end);
        total.error += level * (below.count - above.count) - below.sum + above.sum;
        add_bin(at, level, 0);
      }
      position = end;
    }
    if (j + 1 == n) break;
    // The bin that the threshold divides, with all other thresholds in it.
    const Sums s = between(end, end + 1);
    const double mean = s.count > 0 ? s.sum / s.count + static_cast<double>(center_) : 0;
    double jump = 0;
    std::uint32_t code = j;
    for (std::uint32_t k = j; k + 1 < n && bin_of(thresholds[k]) == end; ++k) {
      const double t = thresholds[k];
      jump += std::fabs(power(t - levels[k]) - power(levels[k + 1] - t));
      if (t <= mean) code = k + 1;
    }
    add_bin(end, static_cast<double>(levels[code]) - static_cast<double>(center_), jump);
    position = end + 1;
  }
  // The rounding error of the prefix sums.
  const Sums& all = sums_[kBins];
  total.slack +=
      1e-12 * (order == 1 ? std::fabs(all.sum) + std::sqrt(all.count * all.square) : all.square);
  return total;
}

}  // namespace fewbits::distributional
