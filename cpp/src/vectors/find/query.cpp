// The tables and levels of a query.

#include "vectors/find/query.h"

#include <algorithm>
#include <cmath>
#include <cstring>

#include "vectors/code/kernels.h"

namespace fewbits::vectors {

namespace {

/// The least step of rounded queries: a smaller one has no finite reciprocal.
constexpr float kLeastStep = 0x1p-126f;

}  // namespace

bool Queries::init(const Coding& coding, std::size_t count) {
  return terms_.resize(count) &&
         (coding.kept.codes == Kept::Codes::bytes ? init_dots(coding.row_bytes, count)
                                                  : init_tables(coding.layout, count));
}

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

struct Span {
  float low;
  float high;
};

/// Computes the sums of the values y[0] and following, at most `have` of them, for each of the
/// sixteen nibbles, minus the lowest sum.
template <int Bits>
Span sums_of_nibbles(const float* levels, const float* y, std::size_t have, float scale,
                     float* sums) {
  constexpr std::size_t kLevels = std::size_t{1} << Bits;
  Span span{0, 0};
  float sum[16] = {};
  std::size_t size = 1;  // nibbles of the values so far
  for (std::size_t j = 0; j < dims_per_nibble(Bits); ++j, size *= kLevels) {
    const float value = j < have ? y[j] * scale : 0.0f;
    // Levels ascend, so the ends of their range give those of the sums.
    const float first = levels[0] * value;
    const float last = levels[kLevels - 1] * value;
    span.low += std::min(first, last);
    span.high += std::max(first, last);
    for (std::size_t c = kLevels; c-- > 0;) {
      const float part = levels[c] * value;
      for (std::size_t i = 0; i < size; ++i) sum[c * size + i] = sum[i] + part;
    }
  }
  for (std::size_t i = 0; i < 16; ++i) sums[i] = sum[i] - span.low;
  return span;
}

struct Sums {
  double base;   // of the lowest sums
  float widest;  // span of a nibble's sums
};

template <int Bits>
Sums sums_of_plane(const Plane& plane, const float* y, std::size_t dims, float scale, float* sums) {
  float levels[16];
  for (std::size_t c = 0; c < 16; ++c) levels[c] = static_cast<float>(plane.levels[c]);
  Sums all{0, 0};
  for (std::size_t g = 0; g < 2 * plane.bytes; ++g) {
    const std::size_t first = std::min(dims, g * dims_per_nibble(Bits));
    const Span span = sums_of_nibbles<Bits>(levels, y + first, dims - first, scale, sums + 16 * g);
    all.base += static_cast<double>(span.low);
    all.widest = std::max(all.widest, span.high - span.low);
  }
  return all;
}

}  // namespace

void Queries::set_tables(const Layout& layout, const float* scales, std::size_t q, const float* y) {
  for (std::size_t s = 0; s < segments_; ++s) {
    const CodedSegment& segment = layout.segment(s);
    float* numbers = numbers_.data() + (q * segments_ + s) * 3;
    double base = 0;
    for (int p = 0; p < segment.planes; ++p) {
      const Plane& plane = segment.plane[p];
      const auto sums_of = plane.bits == 1   ? sums_of_plane<1>
                           : plane.bits == 2 ? sums_of_plane<2>
                                             : sums_of_plane<4>;
      float* exact = exact_.data();
      const Sums sums = sums_of(plane, y + segment.dim, segment.dims, scales[s], exact);
      const float step = sums.widest > 0 ? std::max(sums.widest / 255.0f, kLeastStep) : 1.0f;
      const float inverse = 1.0f / step;
      std::uint8_t* out = tables_.data() + q * table_bytes_ + plane.byte * 32;
      for (std::size_t i = 0; i < plane.bytes * 32; ++i) {
        // The scales of a file can make the sums exceed float range: the result is meaningless
        // then, but must be defined.
        const float rounded = exact[i] * inverse + 0.5f;
        const float within = rounded < 255.0f ? rounded : 255.0f;
        out[i] = static_cast<std::uint8_t>(static_cast<int>(within));
      }
      // The scan sums means of eight look-ups; each of the three roundings of a mean adds 1/4 on
      // average.
      const double scale = static_cast<double>(step) * 8;
      base += sums.base;
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
  // Codes are 0 after the last dimension, so the offset there has no effect.
  std::memset(out + dims, static_cast<int>(kDotOffset), stride_ - dims);
  numbers_[q] = step;
}

}  // namespace fewbits::vectors
