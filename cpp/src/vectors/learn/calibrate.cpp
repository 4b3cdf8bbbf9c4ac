// Mean, principal axes, and the bits that each segment of them gets.

#include "vectors/learn/calibrate.h"

#include <algorithm>
#include <cmath>
#include <cstring>

#include "vectors/code/codebook.h"
#include "vectors/code/rotation.h"
#include "vectors/learn/eigen.h"

namespace fewbits::vectors {
namespace {

/// Segments are so many dimensions times 1 to kMostSteps; the last may be shorter.
constexpr std::size_t kStep = 32;
constexpr std::size_t kMostSteps = 8;
constexpr std::size_t kFactorBytes = 2;

/// How much of the expected square of the error must be left for the principal axes to be taken:
/// near the query, where ranks are decided, they gain less than on the whole.
constexpr double kGain = 0.9;

std::size_t segment_bytes(std::size_t dims, int bits) {
  if (bits == 0) return 0;
  const Codebook& book = *codebook(bits);
  std::size_t bytes = kFactorBytes;
  for (int p = 0; p < book.planes; ++p) {
    bytes += (dims * static_cast<std::size_t>(book.plane_bits[p]) + 7) / 8;
  }
  return bytes;
}

double distortion(int bits) {
  return bits == 0 ? 1 : codebook(bits)->distortion;
}

/// Where to cut the axes and how many bits each piece gets, so that the error of scores is least
/// within the budget, given the axes' variances. `segments` has room for a piece a step; the first
/// of them are filled, their scale with the variance; `cost` is the expected square of the error.
/// 0 when memory is short.
std::size_t cut_and_allocate(const double* variances, std::size_t dims, std::size_t budget,
                             Segment* segments, double* cost) {
  const std::size_t steps = (dims + kStep - 1) / kStep;
  const std::size_t columns = budget + 1;
  struct Choice {
    std::uint8_t steps;
    std::uint8_t bits;
  };
  // best[p][b]: the least cost of the axes before step p in b bytes at most.
  Buffer<double> best;
  Buffer<Choice> choice;
  Buffer<double> sums;
  if (!best.resize((steps + 1) * columns) || !choice.resize((steps + 1) * columns) ||
      !sums.resize(dims + 1)) {
    return 0;
  }
  sums[0] = 0;
  for (std::size_t i = 0; i < dims; ++i) sums[i + 1] = sums[i] + std::max(variances[i], 0.0);
  const auto at = [&](std::size_t step) { return std::min(step * kStep, dims); };
  const auto variance = [&](std::size_t from, std::size_t to) {
    return (sums[at(to)] - sums[at(from)]) / static_cast<double>(at(to) - at(from));
  };
  std::fill_n(best.data(), columns, 0.0);
  for (std::size_t to = 1; to <= steps; ++to) {
    double* cell = best.data() + to * columns;
    Choice* chosen = choice.data() + to * columns;
    std::fill_n(cell, columns, HUGE_VAL);
    for (std::size_t length = 1; length <= std::min(to, kMostSteps); ++length) {
      const std::size_t from = to - length;
      const std::size_t width = at(to) - at(from);
      // A score's error: the query's energy in the piece times the error of a coordinate there;
      // both go with the piece's variance.
      const double weight = static_cast<double>(width) * std::pow(variance(from, to), 2);
      const double* before = best.data() + from * columns;
      for (const int bits : kWidths) {
        const std::size_t bytes = segment_bytes(width, bits);
        const double error = weight * distortion(bits);
        for (std::size_t b = bytes; b < columns; ++b) {
          if (before[b - bytes] + error < cell[b]) {
            cell[b] = before[b - bytes] + error;
            chosen[b] = {static_cast<std::uint8_t>(length), static_cast<std::uint8_t>(bits)};
          }
        }
      }
    }
  }
  *cost = best[steps * columns + budget];
  std::size_t count = 0;
  std::size_t left = budget;
  for (std::size_t to = steps; to > 0;) {
    const Choice chosen = choice[to * columns + left];
    const std::size_t from = to - chosen.steps;
    const auto width = static_cast<std::uint32_t>(at(to) - at(from));
    segments[count++] = {width, chosen.bits, static_cast<float>(variance(from, to))};
    left -= segment_bytes(width, chosen.bits);
    to = from;
  }
  std::reverse(segments, segments + count);
  return count;
}

/// Brings eigenvalues of a sample's covariance, which lie wider apart than those of what it is
/// drawn from, nearer to their mean: oracle approximating shrinkage (Chen, Wiesel, Eldar and Hero
/// 2010).
void shrink(double* values, std::size_t dims, std::size_t n) {
  double sum = 0;
  double square = 0;
  for (std::size_t i = 0; i < dims; ++i) {
    values[i] = std::max(values[i], 0.0);
    sum += values[i];
    square += values[i] * values[i];
  }
  const auto p = static_cast<double>(dims);
  const double above = (1 - 2 / p) * square + sum * sum;
  const double below = (static_cast<double>(n) + 1 - 2 / p) * (square - sum * sum / p);
  const double share = below > 0 ? std::min(above / below, 1.0) : 1.0;
  for (std::size_t i = 0; i < dims; ++i) values[i] += share * (sum / p - values[i]);
}

}  // namespace

Result learn(const float* sample, std::size_t n, std::size_t dims, bool normalise,
             std::size_t row_bytes, double even_distortion, std::uint32_t seed, Learned* learned) {
  Buffer<double> mean;
  Buffer<double> covariance;
  Buffer<double> values;
  Buffer<double> work;
  Buffer<double> scales;
  Buffer<float> centred;
  const std::size_t most = (dims + kStep - 1) / kStep;
  if (!mean.resize_zeroed(dims) || !covariance.resize_zeroed(dims * dims) || !values.resize(dims) ||
      !work.resize(2 * dims) || !scales.resize(n) || !centred.resize(dims) ||
      !learned->mean.resize(dims) || !learned->matrix.resize(dims * dims) ||
      !learned->segments.resize(most)) {
    return failure(Status::out_of_memory);
  }
  for (std::size_t r = 0; r < n; ++r) {
    const float* x = sample + r * dims;
    double square = 0;
    for (std::size_t i = 0; i < dims; ++i) {
      square += static_cast<double>(x[i]) * static_cast<double>(x[i]);
    }
    scales[r] = !normalise ? 1 : square > 0 ? 1 / std::sqrt(square) : 0;
    for (std::size_t i = 0; i < dims; ++i) mean[i] += scales[r] * static_cast<double>(x[i]);
  }
  for (std::size_t i = 0; i < dims; ++i) {
    mean[i] /= static_cast<double>(n);
    learned->mean[i] = static_cast<float>(mean[i]);
  }
  for (std::size_t r = 0; r < n; ++r) {
    const float* x = sample + r * dims;
    for (std::size_t i = 0; i < dims; ++i) {
      centred[i] = static_cast<float>(scales[r] * static_cast<double>(x[i]) - mean[i]);
    }
    for (std::size_t i = 0; i < dims; ++i) {
      double* row = covariance.data() + i * dims;
      const auto value = static_cast<double>(centred[i]);
      for (std::size_t j = 0; j <= i; ++j) row[j] += value * static_cast<double>(centred[j]);
    }
  }
  for (std::size_t i = 0; i < dims * dims; ++i) covariance[i] /= static_cast<double>(n);
  if (!eigen_symmetric(covariance.data(), dims, values.data(), work.data())) {
    return failure(Status::unsupported);
  }
  for (std::size_t i = 0; i < dims * dims; ++i) {
    learned->matrix[i] = static_cast<float>(covariance[i]);
  }
  shrink(values.data(), dims, n);
  double cost = 0;
  const std::size_t count =
      cut_and_allocate(values.data(), dims, row_bytes, learned->segments.data(), &cost);
  double sum = 0;
  for (std::size_t i = 0; i < dims; ++i) sum += values[i];
  // What random axes with even bits cost, their scores shrunk alike, which does not change ranks.
  const double even = sum * sum / static_cast<double>(dims) * even_distortion;
  learned->pays = cost < kGain * even;
  if (count == 0 || !learned->segments.resize(count)) return failure(Status::out_of_memory);
  const double largest = std::max(values[0], 0.0);
  std::size_t first = 0;
  for (std::size_t s = 0; s < count; ++s) {
    Segment& segment = learned->segments[s];
    // Factors are about sigma / unit.
    const double sigma = std::sqrt(std::max(static_cast<double>(segment.scale), largest * 1e-12));
    const double unit =
        segment.bits == 0 ? 1 : static_cast<double>(codebook(static_cast<int>(segment.bits))->unit);
    segment.scale = static_cast<float>(sigma > 0 ? sigma / unit : 1);
    Rotation rotation;
    if (!rotation.init(segment.dims, seed + static_cast<std::uint32_t>(s))) {
      return failure(Status::out_of_memory);
    }
    for (std::size_t i = 0; i < dims; ++i) {
      float* row = learned->matrix.data() + i * dims + first;
      rotation.apply(row, row);
    }
    first += segment.dims;
  }
  return success();
}

}  // namespace fewbits::vectors
