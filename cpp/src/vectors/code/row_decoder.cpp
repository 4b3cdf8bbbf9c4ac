// Decoding of rows: levels times factors, rotated back, plus the mean.

#include <cmath>
#include <cstring>

#include "vectors/code/row_coder.h"
#include "vectors/code/tails.h"

namespace fewbits::vectors {

/// Decodes segment by segment, whose factors already give the nearest vector.
void RowCoder::decode_segments(const Rows& rows, std::size_t row, float* y) {
  const auto [record, finer, slot] = rows.at(row);
  rows.levels(row, levels_.data());
  std::memset(y, 0, coding_.options.dims * sizeof(float));
  for (std::size_t i = 0; i < coding_.layout.segments(); ++i) {
    const CodedSegment& segment = coding_.layout.segment(i);
    const std::uint16_t half = rows.block().half_factors(record, i)[slot];
    const float factor = f32_from_small_f16(half) * coding_.scales[i];
    for (std::size_t j = segment.dim; j < segment.dim + segment.dims; ++j) {
      y[j] = factor * static_cast<float>(levels_[j]);
    }
  }
}

/// Decodes with a single factor, from the second codes if there are any.
void RowCoder::decode_whole(const Rows& rows, std::size_t row, float* y) {
  const std::size_t dims = coding_.options.dims;
  const auto [record, finer, slot] = rows.at(row);
  const bool second = coding_.kept.second_code();
  std::int8_t* levels = levels_.data();
  if (second) {
    rows.finer_levels(row, levels);
  } else {
    rows.levels(row, levels);
  }
  for (std::size_t i = 0; i < dims; ++i) y[i] = static_cast<float>(levels[i]);
  auto unbiased = static_cast<double>(second ? rows.finer().factors(finer)[slot]
                                             : rows.block().factors(record)[slot]);
  if (const std::uint32_t* const tails = rows.block().tails(record); tails != nullptr) {
    Tail finest[kTailBits];
    const std::size_t count = decode_tails(levels, dims, tails[slot], finest);
    unbiased *= tail_ratio(levels, dims, finest, count);
    for (std::size_t i = 0; i < count; ++i) y[finest[i].position] += finest[i].excess;
  }
  // The nearest point on the ray is shorter than the unbiased one by a factor of cos^2, about 1 -
  // D.
  const Codebook& book = *codebook(second ? coding_.options.refine_bits : coding_.options.bits);
  double factor = unbiased * (1 - book.distortion);
  if (coding_.options.metric == Metric::cosine && coding_.transform.mean() == nullptr &&
      unbiased != 0) {
    // A file may contain 8-bit codes that are all zero, which have no direction.
    const auto square = static_cast<double>(kernels::sum_squares(y, dims));
    factor = square > 0 ? 1 / std::sqrt(square) : 0;
  }
  const auto scale = static_cast<float>(factor);
  for (std::size_t i = 0; i < dims; ++i) y[i] *= scale;
}

void RowCoder::decode(const Rows& rows, std::size_t row, float* x) {
  const std::size_t dims = coding_.options.dims;
  float* y = rotated_.data();
  if (coding_.kept.second_code()) {
    decode_whole(rows, row, x);
    coding_.transform.rotation().apply_inverse(x);
  } else {
    if (coding_.learned()) {
      decode_segments(rows, row, y);
    } else {
      decode_whole(rows, row, y);
    }
    coding_.transform.rotate_back(y, x);
  }
  const float* mean = coding_.transform.mean();
  for (std::size_t i = 0; mean != nullptr && i < dims; ++i) x[i] += mean[i];
}

}  // namespace fewbits::vectors
