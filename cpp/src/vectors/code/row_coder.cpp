// Coding of vectors into rows, and preparation of queries for the scan. Long because rows and
// queries share every step.

#include "vectors/code/row_coder.h"

#include <algorithm>
#include <cmath>
#include <cstring>

#include "base/finite.h"
#include "floats/half.h"
#include "vectors/code/tails.h"

namespace fewbits::vectors {
namespace {

/// The square of a mean above which its products with residuals keep their precision in a float.
constexpr double kLeastMean = 1e-30;

/// The factor that converts values of this norm to fixed point.
float to_sigma(double norm, std::size_t dims) {
  if (!(norm > 0)) return 0;
  return static_cast<float>(static_cast<double>(kFixedOne) * std::sqrt(static_cast<double>(dims)) /
                            norm);
}

double unbiased_factor(const CodeSums& sums, double norm, std::size_t dims) {
  if (sums.product <= 0) return 0;
  return norm * static_cast<double>(kFixedOne) * std::sqrt(static_cast<double>(dims)) /
         static_cast<double>(sums.product);
}

/// <r, L> / <L, L>, which brings the levels nearest to r.
double nearest_factor(const CodeSums& sums, double norm, std::size_t dims) {
  if (sums.product <= 0) return 0;
  return norm * static_cast<double>(sums.product) /
         (static_cast<double>(kFixedOne) * std::sqrt(static_cast<double>(dims)) *
          static_cast<double>(sums.square));
}

/// The square of the cosine between the values and their levels.
double aligned(const CodeSums& sums, std::size_t dims) {
  if (sums.product <= 0 || sums.square == 0) return 0;
  const auto product = static_cast<double>(sums.product) / static_cast<double>(kFixedOne);
  return product * product / (static_cast<double>(dims) * static_cast<double>(sums.square));
}

double dot_of(const float* x, const float* y, std::size_t n) {
  double sum = 0;
  for (std::size_t i = 0; i < n; ++i) {
    sum += static_cast<double>(x[i]) * static_cast<double>(y[i]);
  }
  return sum;
}

double square_of(const float* x, std::size_t n) {
  return dot_of(x, x, n);
}

/// 8-bit codes converted to the levels themselves.
void to_levels(const std::uint8_t* codes, std::size_t dims, std::uint8_t* levels) {
  for (std::size_t i = 0; i < dims; ++i) levels[i] = codes[i] ^ 0x80;
}

}  // namespace

bool RowCoder::init() {
  const std::size_t dims = coding_.options.dims;
  const std::size_t padded = round_up(dims, 16);
  return centred_.resize(dims) && rotated_.resize(dims) && fixed_.resize(padded) &&
         codes_.resize(padded) && levels_.resize(padded);
}

std::size_t RowCoder::bytes() const {
  return centred_.bytes() + rotated_.bytes() + fixed_.bytes() + codes_.bytes() + levels_.bytes();
}

/// `x`, or in `centred_` a copy times the power of two that brings its square into float range.
RowCoder::Centred RowCoder::to_range(const float* x, float square) {
  const std::size_t dims = coding_.options.dims;
  if (square >= 1e-24f && square <= 1e30f) {
    const double norm = std::sqrt(static_cast<double>(square));
    return {x, norm, norm, 0, norm * norm};
  }
  float largest = 0;
  for (std::size_t i = 0; i < dims; ++i) largest = std::max(largest, std::fabs(x[i]));
  if (largest == 0) return {x, 0, 0, 0, 0};
  const int exponent = std::ilogb(largest);
  float* scaled = centred_.data();
  for (std::size_t i = 0; i < dims; ++i) scaled[i] = std::ldexp(x[i], -exponent);
  const double own = std::sqrt(static_cast<double>(kernels::sum_squares(scaled, dims)));
  const double norm = std::ldexp(own, exponent);
  return {scaled, own, norm, 0, norm * norm};
}

Result RowCoder::centre(const float* x, Centred* vector) {
  const std::size_t dims = coding_.options.dims;
  const float square = kernels::sum_squares(x, dims);
  if (!std::isfinite(square)) {
    const std::size_t bad = first_non_finite(x, dims);
    if (bad < dims) return failure(Status::non_finite, bad);
  }
  const float* mean = coding_.transform.mean();
  const bool cosine = coding_.options.metric == Metric::cosine;
  float* out = centred_.data();
  if (cosine || mean == nullptr) *vector = to_range(x, square);
  if (cosine) {
    if (mean == nullptr) return success();
    const auto inverse = static_cast<float>(vector->own > 0 ? 1.0 / vector->own : 0.0);
    for (std::size_t i = 0; i < dims; ++i) {
      out[i] = inverse > 0 ? vector->x[i] * inverse - mean[i] : 0.0f;
    }
    const float left = kernels::sum_squares(out, dims);
    // Because |mean + r| = 1.
    const double product = (1 - coding_.transform.mean_square() - static_cast<double>(left)) / 2;
    *vector = to_range(out, left);
    vector->mean_product = inverse > 0 ? product : 0;
    vector->square = inverse > 0 ? 1 : 0;
    return success();
  }
  if (mean != nullptr) {
    for (std::size_t i = 0; i < dims; ++i) out[i] = x[i] - mean[i];
    const double product =
        coding_.kept.added == Kept::Added::mean_products ? dot_of(mean, out, dims) : 0;
    *vector = to_range(out, kernels::sum_squares(out, dims));
    vector->mean_product = product;
    vector->square = static_cast<double>(square);
  }
  if (!(vector->norm <= kLargestNorm)) return failure(Status::too_large);
  return success();
}

/// Encodes a segment of the rotated values, whose norm is `norm`.
void RowCoder::encode_segment(const CodedSegment& segment, double norm, Encoded* encoded) {
  kernels::to_fixed(rotated_.data() + segment.dim, segment.dims, to_sigma(norm, segment.dims),
                    fixed_.data());
  *encoded = vectors::encode(fixed_.data(), segment.dims, *segment.book,
                             coding_.options.scale_search, codes_.data() + segment.dim);
}

double RowCoder::encode(const Centred& vector, const Block& block, const FinerBlock& finer,
                        const Place<std::uint8_t>& to, std::uint8_t* codes) {
  const std::size_t dims = coding_.options.dims;
  const Layout& layout = coding_.layout;
  coding_.transform.rotate(vector.x, rotated_.data());
  double norm = vector.norm;
  if (coding_.options.metric == Metric::cosine && coding_.transform.mean() == nullptr) {
    norm = norm > 0 ? 1 : 0;
  }
  Encoded encoded{};
  double kept = 0;  // of the square of `rotated_`
  if (coding_.learned()) {
    // `rotated_` to its true size
    const double stretch = vector.own > 0 ? norm / vector.own : 0;
    for (std::size_t s = 0; s < layout.segments(); ++s) {
      const CodedSegment& segment = layout.segment(s);
      const float* values = rotated_.data() + segment.dim;
      const double part =
          std::sqrt(static_cast<double>(kernels::sum_squares(values, segment.dims)));
      encode_segment(segment, part, &encoded);
      kept += part * part * aligned(encoded.sums, segment.dims);
      const double factor = nearest_factor(encoded.sums, part * stretch, segment.dims) /
                            static_cast<double>(coding_.scales[s]);
      block.half_factors(to.block, s)[to.slot] =
          floats::f16_from_f32(static_cast<float>(std::min(factor, 65504.0)));
    }
  } else {
    encode_segment(layout.segment(0), vector.own, &encoded);
    kept = vector.own * vector.own * aligned(encoded.sums, dims);
    block.factors(to.block)[to.slot] =
        static_cast<float>(unbiased_factor(encoded.sums, norm, dims));
  }
  if (std::uint32_t* const tails = block.tails(to.block); tails != nullptr) {
    tails[to.slot] = encode_tails(fixed_.data(), codes_.data(), dims, encoded.multiplier);
  }
  if (coding_.kept.codes == Kept::Codes::bytes) {
    to_levels(codes_.data(), dims, codes);
    std::memset(codes + dims, 0, coding_.row_bytes - dims);
  } else {
    layout.pack(codes_.data(), codes);
  }
  if (float* const added = block.added(to.block); added != nullptr) {
    const bool l2 = coding_.kept.added == Kept::Added::norms;
    added[to.slot] = static_cast<float>(l2 ? norm * norm : vector.mean_product);
  }
  if (std::int32_t* const sums = block.level_sums(to.block); sums != nullptr) {
    sums[to.slot] = static_cast<std::int32_t>(encoded.sums.level);
  }
  if (coding_.kept.second_code()) encode_finer(vector, norm, finer, to);
  const double left = vector.own > 0 ? 1 - kept / (vector.own * vector.own) : 0;
  return std::max(left, 0.0) * vector.norm * vector.norm / vector.square;
}

void RowCoder::encode_finer(const Centred& vector, double norm, const FinerBlock& finer,
                            const Place<std::uint8_t>& to) {
  const std::size_t dims = coding_.options.dims;
  // Along learned axes values differ too much for the single scale of the finer code.
  if (coding_.learned()) coding_.transform.rotation().apply(vector.x, rotated_.data());
  kernels::to_fixed(rotated_.data(), dims, to_sigma(vector.own, dims), fixed_.data());
  const CodeSums sums = vectors::encode(fixed_.data(), dims, *codebook(coding_.options.refine_bits),
                                        coding_.options.scale_search, codes_.data())
                            .sums;
  std::uint8_t* const codes = finer.codes(to.finer, to.slot);
  if (coding_.kept.finer == Kept::Finer::bytes) {
    to_levels(codes_.data(), dims, codes);
  } else {
    coding_.finer_layout.pack(codes_.data(), codes);
  }
  finer.factors(to.finer)[to.slot] = static_cast<float>(unbiased_factor(sums, norm, dims));
}

/// Computes the centred query that is compared with residuals, the weight of the rows' added
/// values, and the offset of all scores. For any a and rows x = mean + r,
///   <q, x> = <q, mean> + <q - a mean, r> + a <mean, r>;
/// the error is that of the middle term, the only one that codes represent. With a = 1 it vanishes
/// for rows like the query, as it does for l2; for other rows it is smallest for
/// a = <q, mean> / <mean, mean>, which is used where 1 would more than double what is left of the
/// query.
void RowCoder::centre_query(const float* query, float* x, float* weight, double* offset) {
  const std::size_t dims = coding_.options.dims;
  const float* mean = coding_.transform.mean();
  *weight = 0;
  *offset = 0;
  std::memcpy(x, query, dims * sizeof(float));
  if (coding_.options.metric == Metric::l2) {
    for (std::size_t i = 0; mean != nullptr && i < dims; ++i) x[i] -= mean[i];
    *weight = -0.5f;
    *offset = -square_of(x, dims);
    return;
  }
  if (coding_.options.metric == Metric::cosine) {
    const double square = square_of(query, dims);
    const double inverse = square > 0 ? 1 / std::sqrt(square) : 0;
    for (std::size_t i = 0; i < dims; ++i) {
      x[i] = static_cast<float>(static_cast<double>(query[i]) * inverse);
    }
  }
  if (mean == nullptr) return;
  *offset = dot_of(x, mean, dims);
  const double square = coding_.transform.mean_square();
  if (coding_.kept.added != Kept::Added::mean_products || !(square >= kLeastMean)) return;
  const double least = *offset / square;
  const double left = std::max(square_of(x, dims) - least * *offset, 0.0);
  const bool as_rows = (least - 1) * (least - 1) * square <= 3 * left;
  *weight = as_rows ? 1.0f : static_cast<float>(least);
  const auto share = static_cast<double>(*weight);
  for (std::size_t i = 0; i < dims; ++i) {
    x[i] = static_cast<float>(static_cast<double>(x[i]) - share * static_cast<double>(mean[i]));
  }
}

Result RowCoder::prepare(const float* query, std::size_t q, Queries* ready, float* y) {
  const std::size_t dims = coding_.options.dims;
  float* x = centred_.data();
  float weight = 0;
  double offset = 0;
  centre_query(query, x, &weight, &offset);
  const double square = coding_.options.metric == Metric::l2    ? -offset
                        : coding_.options.metric == Metric::dot ? square_of(query, dims)
                                                                : 0;
  if (square > kLargestNorm * kLargestNorm) return failure(Status::too_large);
  ready->set_terms(q, weight, static_cast<float>(offset));
  coding_.transform.rotate(x, y);
  if (coding_.kept.codes == Kept::Codes::bytes) {
    ready->set_dot(q, y, dims);
  } else {
    ready->set_tables(coding_.layout, coding_.scales.data(), q, y);
  }
  // Candidates are scored by the finer codes, which use the random rotation.
  if (coding_.learned() && coding_.kept.second_code()) coding_.transform.rotation().apply(x, y);
  return success();
}

}  // namespace fewbits::vectors
