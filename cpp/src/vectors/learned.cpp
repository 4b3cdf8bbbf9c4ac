// Setting what was learned elsewhere: a mean, and a transform with its segments.

#include <cmath>

#include "base/finite.h"
#include "vectors/code/codebook.h"
#include "vectors/state.h"

namespace fewbits::vectors {

namespace {

/// The largest scale of a segment: times a level and a query of kLargestNorm it stays within float.
constexpr float kLargestScale = 2e18f;

double norm_of(const float* x, std::size_t n) {
  double square = 0;
  for (std::size_t i = 0; i < n; ++i) {
    square += static_cast<double>(x[i]) * static_cast<double>(x[i]);
  }
  return std::sqrt(square);
}

/// Whether rows have norm 1, and the matrix preserves the length of some vectors of signs, from
/// either side. Learned axes do so to 1e-4.
bool is_orthonormal(const float* matrix, std::size_t dims) {
  constexpr double kSlack = 2e-3;
  const auto near = [](double value, double wanted) {
    return std::fabs(value - wanted) <= kSlack * wanted;
  };
  for (std::size_t i = 0; i < dims; ++i) {
    if (!near(norm_of(matrix + i * dims, dims), 1)) return false;
  }
  std::uint32_t random = 1;
  const auto squares = static_cast<double>(dims);
  for (int round = 0; round < 3; ++round) {
    double left = 0;
    double right = 0;
    for (std::size_t i = 0; i < dims; ++i) {
      double row = 0;
      double column = 0;
      std::uint32_t state = random;
      for (std::size_t j = 0; j < dims; ++j) {
        state = state * 1664525u + 1013904223u;
        const double sign = (state >> 31) != 0 ? -1 : 1;
        row += sign * static_cast<double>(matrix[i * dims + j]);
        column += sign * static_cast<double>(matrix[j * dims + i]);
      }
      left += row * row;
      right += column * column;
    }
    if (!near(left, squares) || !near(right, squares)) return false;
    random = random * 747796405u + 2891336453u;
  }
  return true;
}

}  // namespace

Result Index::set_mean(const float* mean) {
  State& s = *state_;
  const std::size_t dims = s.coding.options.dims;
  if (s.rows.count() != 0 || s.coding.of_bits()) return failure(Status::invalid_argument);
  if (mean == nullptr) {
    s.set_mean(Buffer<float>());
    return success();
  }
  const std::size_t bad = first_non_finite(mean, dims);
  if (bad < dims) return failure(Status::non_finite, bad);
  if (!(norm_of(mean, dims) <= kLargestNorm)) return failure(Status::too_large);
  Buffer<float> copy;
  if (!copy.assign(mean, dims)) return failure(Status::out_of_memory);
  s.set_mean(std::move(copy));
  return success();
}

Result Index::set_transform(const float* matrix, const Segment* segments, std::size_t count) {
  State& s = *state_;
  const std::size_t dims = s.coding.options.dims;
  if (s.rows.count() != 0 || count == 0 || count > kMaxSegments || s.coding.of_bits()) {
    return failure(Status::invalid_argument);
  }
  std::size_t covered = 0;
  bool any = false;
  for (std::size_t i = 0; i < count; ++i) {
    const bool width =
        segments[i].bits == 0 || codebook(static_cast<int>(segments[i].bits)) != nullptr;
    if (!width || segments[i].dims == 0 || segments[i].dims > dims ||
        !(segments[i].scale > 0 && segments[i].scale <= kLargestScale)) {
      return failure(Status::invalid_argument, i);
    }
    any = any || segments[i].bits != 0;
    covered += segments[i].dims;
  }
  if (covered != dims || !any) return failure(Status::invalid_argument, count);
  const std::size_t bad = first_non_finite(matrix, dims * dims);
  if (bad < dims * dims) return failure(Status::non_finite, bad);
  if (!is_orthonormal(matrix, dims)) return failure(Status::invalid_argument);
  Buffer<Segment> wanted;
  Buffer<float> axes;
  const bool done = wanted.assign(segments, count) && axes.assign(matrix, dims * dims) &&
                    s.lay_out(std::move(wanted), std::move(axes));
  return done ? success() : failure(Status::out_of_memory);
}

}  // namespace fewbits::vectors
