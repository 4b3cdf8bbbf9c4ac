// The mean, the principal axes, and the bits that each segment of them gets.

#include "vectors/learn/axes.h"

#include <algorithm>
#include <cmath>
#include <cstring>

#include "vectors/code/codebook.h"
#include "vectors/code/rotation.h"
#include "vectors/learn/eigen.h"

namespace fewbits::vectors {
namespace {

/// Segments have 1 to kMostSteps times kStep dimensions; the last may be shorter.
constexpr std::size_t kStep = 32;
constexpr std::size_t kMostSteps = 8;
constexpr std::size_t kFactorBytes = 2;

/// The share of the expected squared error that must remain below this for the principal axes to be
/// used: close to the query, where ranks are decided, they gain less than overall.
constexpr double kGain = 0.9;

/// The share of their variance that future vectors may have in any direction, despite the sample:
/// on new topics. It reserves bits where the sample hardly varies.
constexpr double kUnseen = 0.5;

/// The share of the variance that the square of a mean must reach to be worth subtracting.
constexpr double kSubstantial = 0.02;

/// The least scale of segments; smaller variation counts as constant.
constexpr float kLeastScale = 1e-30f;

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

/// Decides where to cut the axes and how many bits each segment gets, so that the error of scores
/// is smallest within the budget, given the variances of the axes. `segments` has space for one
/// segment per step; the first of them are set, except for their scale; `cost` is the expected
/// squared error. 0 when memory is short.
std::size_t cut_and_allocate(const double* variances, std::size_t dims, std::size_t budget,
                             Segment* segments, double* cost) {
  const std::size_t steps = (dims + kStep - 1) / kStep;
  const std::size_t columns = budget + 1;
  struct Choice {
    std::uint8_t steps;
    std::uint8_t bits;
  };
  // best[p][b]: the least cost of the axes before step p in at most b bytes.
  Buffer<double> best;
  Buffer<Choice> choice;
  Buffer<double> sums;
  if (!best.resize((steps + 1) * columns) || !choice.reset((steps + 1) * columns) ||
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
      // The error of a score: the query's energy in the segment times the error of a coordinate
      // there; both are proportional to the variance of the segment.
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
    if (chosen.steps == 0) return 0;  // costs that are not finite
    const std::size_t from = to - chosen.steps;
    const auto width = static_cast<std::uint32_t>(at(to) - at(from));
    segments[count++] = {width, chosen.bits, 1.0f};
    left -= segment_bytes(width, chosen.bits);
    to = from;
  }
  std::reverse(segments, segments + count);
  return count;
}

/// Moves eigenvalues of a sample's covariance, which are spread wider than those of its
/// distribution, towards their mean: oracle approximating shrinkage (Chen, Wiesel, Eldar and Hero
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

/// The covariance of a sample about its mean, n x n for n = dims, from the rows that are not held
/// out.
void covariance_of(const Sample& sample, const double* mean, float* centred, double* covariance) {
  const std::size_t dims = sample.dims;
  for (std::size_t r = 0; r < sample.n; ++r) {
    if (sample.is_held_out(r)) continue;
    const float* x = sample.row(r);
    const double scale = sample.scale(r);
    for (std::size_t i = 0; i < dims; ++i) {
      centred[i] = static_cast<float>(scale * static_cast<double>(x[i]) - mean[i]);
    }
    for (std::size_t i = 0; i < dims; ++i) {
      double* row = covariance + i * dims;
      const auto value = static_cast<double>(centred[i]);
      for (std::size_t j = 0; j <= i; ++j) row[j] += value * static_cast<double>(centred[j]);
    }
  }
  const auto n = static_cast<double>(sample.n - sample.held_out);
  for (std::size_t i = 0; i < dims * dims; ++i) covariance[i] /= n;
}

/// Rotates the axes within segments at random, and sets the scale of the factors of each segment.
bool finish_segments(const double* variances, std::size_t dims, std::uint32_t seed,
                     Learned* learned) {
  std::size_t first = 0;
  for (std::size_t s = 0; s < learned->segments.size(); ++s) {
    Segment& segment = learned->segments[s];
    double sum = 0;
    for (std::size_t i = first; i < first + segment.dims; ++i) sum += std::max(variances[i], 0.0);
    // Factors are about sigma / unit.
    const double sigma = std::sqrt(
        std::max(sum / static_cast<double>(segment.dims), std::max(variances[0], 0.0) * 1e-12));
    const double unit =
        segment.bits == 0 ? 1 : static_cast<double>(codebook(static_cast<int>(segment.bits))->unit);
    segment.scale = sigma > 0 ? std::max(static_cast<float>(sigma / unit), kLeastScale) : 1.0f;
    Rotation rotation;
    if (!rotation.init(segment.dims, seed + static_cast<std::uint32_t>(s))) return false;
    for (std::size_t i = 0; i < dims; ++i) {
      float* row = learned->matrix.data() + i * dims + first;
      rotation.apply(row, row);
    }
    first += segment.dims;
  }
  return true;
}

}  // namespace

double Sample::scale(std::size_t r) const {
  if (!normalise) return 1;
  double square = 0;
  for (std::size_t i = 0; i < dims; ++i) {
    square += static_cast<double>(row(r)[i]) * static_cast<double>(row(r)[i]);
  }
  return square > 0 ? 1 / std::sqrt(square) : 0;
}

bool learn_mean(const Sample& sample, Buffer<double>* mean, bool* clear) {
  const std::size_t dims = sample.dims;
  if (!mean->reset(dims)) return false;
  double energy = 0;
  for (std::size_t r = 0; r < sample.n; ++r) {
    const float* x = sample.row(r);
    const double scale = sample.scale(r);
    for (std::size_t i = 0; i < dims; ++i) {
      const double value = scale * static_cast<double>(x[i]);
      (*mean)[i] += value;
      energy += value * value;
    }
  }
  const auto n = static_cast<double>(sample.n);
  double square = 0;
  for (std::size_t i = 0; i < dims; ++i) {
    (*mean)[i] /= n;
    square += (*mean)[i] * (*mean)[i];
  }
  // By chance, the mean of n vectors around zero has the square variance / n.
  const double variance = sample.n > 1 ? std::max(energy - n * square, 0.0) / (n - 1) : HUGE_VAL;
  *clear = square > std::max(kSubstantial, 4 / n) * variance;
  return true;
}

Result learn_axes(const Sample& sample, const Buffer<double>& mean, std::size_t row_bytes,
                  double even_distortion, std::uint32_t seed, Learned* learned) {
  const std::size_t dims = sample.dims;
  Buffer<double> covariance;
  Buffer<double> values;
  Buffer<double> work;
  Buffer<float> centred;
  const std::size_t most = (dims + kStep - 1) / kStep;
  if (!covariance.reset(dims * dims) || !values.resize(dims) || !work.resize(2 * dims) ||
      !centred.resize(dims) || !learned->matrix.resize(dims * dims) ||
      !learned->segments.resize(most)) {
    return failure(Status::out_of_memory);
  }
  covariance_of(sample, mean.data(), centred.data(), covariance.data());
  learned->pays = false;
  if (!eigen_symmetric(covariance.data(), dims, values.data(), work.data())) return success();
  for (std::size_t i = 0; i < dims * dims; ++i) {
    learned->matrix[i] = static_cast<float>(covariance[i]);
  }
  shrink(values.data(), dims, sample.n - sample.held_out);
  double sum = 0;
  for (std::size_t i = 0; i < dims; ++i) sum += values[i];
  for (std::size_t i = 0; i < dims; ++i) values[i] += kUnseen * sum / static_cast<double>(dims);
  sum *= 1 + kUnseen;
  if (!(sum > 0 && std::isfinite(sum * sum))) return success();  // nothing varies
  double cost = 0;
  const std::size_t count =
      cut_and_allocate(values.data(), dims, row_bytes, learned->segments.data(), &cost);
  if (count == 0 || !learned->segments.resize(count)) return failure(Status::out_of_memory);
  // The cost of random axes with even bits, where all scores shrink alike, which does not change
  // ranks.
  const double even = sum * sum / static_cast<double>(dims) * even_distortion;
  learned->left = cost / even;
  learned->pays = cost < kGain * even;
  return finish_segments(values.data(), dims, seed, learned) ? success()
                                                             : failure(Status::out_of_memory);
}

}  // namespace fewbits::vectors
