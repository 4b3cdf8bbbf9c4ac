#include "vectors/query.h"

#include <algorithm>
#include <cmath>
#include <cstring>

#include "vectors/kernels.h"

namespace fewbits::vectors {

namespace {

/// Of rounded queries: below it a step has no reciprocal that is finite.
constexpr float kLeastStep = 0x1p-126f;

}  // namespace

bool Queries::init_tables(const Layout& layout, std::size_t count) {
  segments_ = layout.segments();
  table_bytes_ = layout.row_bytes() * 32;
  std::size_t widest = 0;
  for (std::size_t s = 0; s < segments_; ++s) {
    for (int p = 0; p < layout.segment(s).planes; ++p) {
      widest = std::max(widest, layout.segment(s).plane[p].bytes);
    }
  }
  return tables_.resize(count * table_bytes_) && numbers_.resize(count * segments_ * 3) &&
         exact_.resize(widest * 32);
}

bool Queries::init_dots(std::size_t stride, std::size_t count) {
  stride_ = stride;
  return dots_.resize(count * stride) && numbers_.resize(count);
}

namespace {

/// What the dims_per_nibble values from y on add up to, for the sixteen nibbles.
void sums_of_nibbles(const Plane& plane, const float* y, std::size_t have, float scale,
                     float* sums) {
  const std::size_t levels = std::size_t{1} << plane.bits;
  sums[0] = 0;
  std::size_t size = 1;  // nibbles of the dimensions so far
  for (std::size_t j = 0; j < dims_per_nibble(plane.bits); ++j, size *= levels) {
    const float value = j < have ? y[j] * scale : 0.0f;
    for (std::size_t c = levels; c-- > 0;) {
      const float part = static_cast<float>(plane.levels[c]) * value;
      for (std::size_t i = 0; i < size; ++i) sums[c * size + i] = sums[i] + part;
    }
  }
}

}  // namespace

void Queries::set_tables(const Layout& layout, const float* scales, std::size_t q, const float* y) {
  for (std::size_t s = 0; s < segments_; ++s) {
    const CodedSegment& segment = layout.segment(s);
    float* numbers = numbers_.data() + (q * segments_ + s) * 3;
    double base = 0;
    for (int p = 0; p < segment.planes; ++p) {
      const Plane& plane = segment.plane[p];
      const std::size_t nibbles = plane.bytes * 2;
      const std::size_t per_nibble = dims_per_nibble(plane.bits);
      float* exact = exact_.data();
      float widest = 0;  // largest span of a look-up
      for (std::size_t g = 0; g < nibbles; ++g) {
        const std::size_t first = g * per_nibble;
        float* sums = exact + g * 16;
        sums_of_nibbles(plane, y + segment.dim + std::min(first, segment.dims),
                        first < segment.dims ? segment.dims - first : 0, scales[s], sums);
        float low = sums[0];
        float high = sums[0];
        for (int i = 1; i < 16; ++i) {
          low = std::min(low, sums[i]);
          high = std::max(high, sums[i]);
        }
        for (int i = 0; i < 16; ++i) sums[i] -= low;
        base += static_cast<double>(low);
        widest = std::max(widest, high - low);
      }
      const float step = widest > 0 ? std::max(widest / 255.0f, kLeastStep) : 1.0f;
      const float inverse = 1.0f / step;
      std::uint8_t* out = tables_.data() + q * table_bytes_ + plane.byte * 32;
      for (std::size_t i = 0; i < nibbles * 16; ++i) {
        // A file's scales may take the sums beyond float: what is left then has no meaning but must
        // have a value.
        const float rounded = exact[i] * inverse + 0.5f;
        out[i] = rounded < 255.0f ? static_cast<std::uint8_t>(rounded) : std::uint8_t{255};
      }
      // The scan sums means of eight look-ups; each of the three roundings on the way to a mean
      // adds 1/4 on average.
      const double scale = static_cast<double>(step) * 8;
      base -= scale * 0.75 * static_cast<double>((plane.bytes + kGroupColumns - 1) / kGroupColumns);
      numbers[1 + p] = static_cast<float>(scale);
    }
    numbers[0] = static_cast<float>(base);
  }
}

void Queries::set_dot(std::size_t q, const float* y, std::size_t dims) {
  float largest = 0;
  for (std::size_t i = 0; i < dims; ++i) largest = std::max(largest, std::fabs(y[i]));
  const float step = largest > 0 ? std::max(largest / 63.0f, kLeastStep) : 1.0f;
  const float inverse = 1.0f / step;
  std::uint8_t* out = dots_.data() + q * stride_;
  for (std::size_t i = 0; i < dims; ++i) {
    out[i] = static_cast<std::uint8_t>(static_cast<int>(y[i] * inverse + 64.5f));
  }
  // Codes are 0 past the last dimension: the offset there counts for nothing.
  std::memset(out + dims, static_cast<int>(kDotOffset), stride_ - dims);
  numbers_[q] = step;
}

}  // namespace fewbits::vectors
