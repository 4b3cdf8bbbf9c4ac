// A histogram of values, from which the errors of candidates are estimated before they are
// measured.

#pragma once

#include <cstddef>
#include <cstdint>

#include "base/buffer.h"
#include "fewbits/result.h"

namespace fewbits::distributional {

/// A fine histogram with counts, sums and sums of squares. It gives the error of any codebook up to
/// a known slack, in a time that depends only on the number of cells. Bins are narrow around the
/// centre and twice as wide with every octave of distance, by a function of x that is monotone in
/// float arithmetic too: a value below a threshold is never in a higher bin than the threshold.
class Histogram {
 public:
  struct Estimate {
    double error;  ///< sum of |x - level|^order
    double slack;  ///< the largest distance of the true sum
  };

  /// `scale` > 0: about a quarter of a standard deviation.
  Result begin(float center, float scale);
  void add(const float* x, std::size_t n);
  /// Call after the last value and before estimate().
  void finish();
  Estimate estimate(const float* thresholds, const float* levels, std::uint32_t n, int order) const;

  static constexpr std::size_t bins() { return kBins; }
  /// The sums of bins first to end - 1, relative to the centre; after finish().
  struct Sums {
    double count;
    double sum;     ///< of x - center
    double square;  ///< of its square
  };
  Sums between(std::int32_t first, std::int32_t end) const;
  double width_of(std::int32_t bin) const;
  std::int32_t bin_of(float x) const;
  float center() const { return center_; }

 private:
  static constexpr std::int32_t kPerOctave = 2048;
  static constexpr std::int32_t kHalf = 16 * kPerOctave;
  static constexpr std::int32_t kBins = 2 * kHalf;

  /// Prefix sums over all lower bins after finish(); before that, the sums of each bin.
  Buffer<Sums> sums_;
  float center_ = 0;
  float inverse_ = 1;
};

}  // namespace fewbits::distributional
