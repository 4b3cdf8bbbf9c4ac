// Export and import of rows, in the layout of files.

#include <algorithm>
#include <cmath>
#include <cstring>

#include "vectors/rows.h"

namespace fewbits::vectors {

RowSizes Rows::sizes() const {
  RowSizes sizes{};
  const Kept& kept = coding_.kept;
  sizes.codes = kept.codes == Kept::Codes::bytes ? coding_.options.dims : coding_.row_bytes;
  sizes.factors = coding_.learned()   ? coding_.layout.segments() * sizeof(std::uint16_t)
                  : coding_.of_bits() ? 0
                                      : sizeof(float);
  sizes.norms = kept.added == Kept::Added::norms ? sizeof(float) : 0;
  sizes.mean_products = kept.added == Kept::Added::mean_products ? sizeof(float) : 0;
  sizes.tails = kept.finer == Kept::Finer::tails ? sizeof(std::uint32_t) : 0;
  sizes.refine_codes = kept.second_code() ? coding_.finer_bytes : 0;
  sizes.refine_factors = kept.second_code() ? sizeof(float) : 0;
  return sizes;
}

void Rows::export_rows(std::size_t first, std::size_t n, const Arrays& out) const {
  const RowSizes of = sizes();
  for (std::size_t i = 0; out.codes != nullptr && i < n;) {
    const std::size_t row = first + i;
    const std::size_t count = std::min(kColumnRows - row % kColumnRows, n - i);
    std::uint8_t* to = out.codes + i * of.codes;
    if (of.codes == coding_.row_bytes) {
      get_codes(row, count, to);
    } else {
      const std::uint8_t* from = block_of(row) + row % kBlockRows * coding_.row_bytes;
      for (std::size_t k = 0; k < count; ++k) {
        std::memcpy(to + k * of.codes, from + k * coding_.row_bytes, of.codes);
      }
    }
    i += count;
  }
  for (std::size_t i = 0; i < n; ++i) {
    const auto [record, finer, slot] = at(first + i);
    if (out.factors != nullptr && coding_.learned()) {
      for (std::size_t k = 0; k < coding_.layout.segments(); ++k) {
        std::memcpy(out.factors + i * of.factors + 2 * k, block_.half_factors(record, k) + slot, 2);
      }
    } else if (of.factors != 0 && out.factors != nullptr) {
      std::memcpy(out.factors + 4 * i, block_.factors(record) + slot, 4);
    }
    float* const added = of.norms != 0 ? out.norms : out.mean_products;
    if (added != nullptr && block_.added(record) != nullptr) added[i] = block_.added(record)[slot];
    if (of.tails != 0 && out.tails != nullptr) out.tails[i] = block_.tails(record)[slot];
    if (of.refine_codes != 0 && out.refine_codes != nullptr) {
      std::memcpy(out.refine_codes + i * of.refine_codes, finer_.codes(finer, slot),
                  of.refine_codes);
    }
    if (of.refine_codes != 0 && out.refine_factors != nullptr) {
      out.refine_factors[i] = finer_.factors(finer)[slot];
    }
  }
}

namespace {

/// The largest norm of a decoded row: that of a vector of kLargestNorm whose code is as far from it
/// in direction as a code with 16384 dimensions can be. Its scores are finite.
constexpr double kLargestRow = 130 * kLargestNorm;
/// The largest ||x - mean||^2, where both are as large as allowed.
constexpr double kLargestSquare = 4.1 * kLargestNorm * kLargestNorm;

/// The largest |<mean, x - mean>| of vectors that can be added, plus rounding: computed in float,
/// for cosine as a difference of squares.
double largest_product(Metric metric, double mean_square) {
  const double mean = std::sqrt(mean_square);
  const double longest = metric == Metric::cosine ? 1 : kLargestNorm;
  return 1.01 * mean * (longest + mean) + 1e-5 * (1 + mean_square);
}

/// Whether norms or products with the mean are within the range that vectors can have.
bool usable(const float* x, std::size_t count, double least, double most) {
  for (std::size_t i = 0; i < count; ++i) {
    const auto value = static_cast<double>(x[i]);
    if (!(value >= least && value <= most)) return false;
  }
  return true;
}

/// Whether factors, for codes with levels of at most 127 in `dims` dimensions, keep rows in bounds.
/// levels_square(i) is called only where the factor alone does not decide.
template <typename LevelsSquare>
bool factors_fit(const float* factors, std::size_t n, std::size_t dims,
                 const LevelsSquare& levels_square) {
  const double certain = kLargestRow / (127 * std::sqrt(static_cast<double>(dims)));
  for (std::size_t i = 0; i < n; ++i) {
    const auto factor = static_cast<double>(factors[i]);
    if (!(factor >= 0)) return false;
    if (factor > certain && !(factor * std::sqrt(levels_square(i)) <= kLargestRow)) return false;
  }
  return true;
}

double square_of(const std::int8_t* levels, std::size_t n) {
  double square = 0;
  for (std::size_t i = 0; i < n; ++i) square += levels[i] * levels[i];
  return square;
}

/// Whether float16 values are neither negative nor infinite, at any address.
bool usable_halves(const std::uint8_t* x, std::size_t count) {
  for (std::size_t i = 0; i < count; ++i) {
    std::uint16_t half = 0;
    std::memcpy(&half, x + 2 * i, 2);
    if (half >= 0x7C00u) return false;
  }
  return true;
}

/// Whether bytes are 8-bit levels, which -128 is not.
bool are_levels(const std::uint8_t* codes, std::size_t count) {
  return std::memchr(codes, 0x80, count) == nullptr;
}

}  // namespace

bool Rows::factors_acceptable(const Arrays& in, std::size_t n) const {
  const std::size_t dims = coding_.options.dims;
  const std::size_t of_row = sizes().codes;
  std::int8_t levels[kMaxDims];
  if (coding_.learned()) {
    // Scales are in bounds, and so are the float16 values: only their products, over all segments,
    // can be too large.
    if (!usable_halves(in.factors, n * coding_.layout.segments())) return false;
    for (std::size_t i = 0; i < n; ++i) {
      double certain = 0;
      for (std::size_t s = 0; s < coding_.layout.segments(); ++s) {
        certain += std::pow(127 * factor_of(in, i, s), 2) *
                   static_cast<double>(coding_.layout.segment(s).dims);
      }
      if (certain <= kLargestRow * kLargestRow) continue;
      coding_.layout.unpack(in.codes + i * of_row, 1, levels, dims);
      double square = 0;
      for (std::size_t s = 0; s < coding_.layout.segments(); ++s) {
        const CodedSegment& segment = coding_.layout.segment(s);
        square += std::pow(factor_of(in, i, s), 2) * square_of(levels + segment.dim, segment.dims);
      }
      if (!(square <= kLargestRow * kLargestRow)) return false;
    }
  } else {
    const auto of_codes = [&](std::size_t i) {
      const std::uint8_t* codes = in.codes + i * of_row;
      if (coding_.kept.codes == Kept::Codes::bytes) {
        return square_of(reinterpret_cast<const std::int8_t*>(codes), dims);
      }
      coding_.layout.unpack(codes, 1, levels, dims);
      return square_of(levels, dims);
    };
    if (!factors_fit(reinterpret_cast<const float*>(in.factors), n, dims, of_codes)) return false;
  }
  if (!coding_.kept.second_code()) return true;
  return factors_fit(in.refine_factors, n, dims, [&](std::size_t i) {
    const std::uint8_t* codes = in.refine_codes + i * coding_.finer_bytes;
    if (coding_.kept.finer == Kept::Finer::bytes) {
      return square_of(reinterpret_cast<const std::int8_t*>(codes), dims);
    }
    coding_.finer_layout.unpack(codes, 1, levels, dims);
    return square_of(levels, dims);
  });
}

/// The factor of the levels of a segment, in row i of the imported ones.
double Rows::factor_of(const Arrays& in, std::size_t i, std::size_t segment) const {
  std::uint16_t half = 0;
  std::memcpy(&half, in.factors + 2 * (i * coding_.layout.segments() + segment), 2);
  return static_cast<double>(f32_from_small_f16(half)) *
         static_cast<double>(coding_.scales[segment]);
}

bool Rows::acceptable(const Arrays& in, std::size_t n) const {
  const RowSizes of = sizes();
  const Kept& kept = coding_.kept;
  if (coding_.of_bits()) {
    const auto beyond = static_cast<std::uint8_t>(~coding_.last_bits());
    std::uint8_t any = 0;
    for (std::size_t end = of.codes; end <= n * of.codes; end += of.codes) any |= in.codes[end - 1];
    return (any & beyond) == 0;
  }
  if (kept.codes == Kept::Codes::bytes && !are_levels(in.codes, n * of.codes)) return false;
  if (kept.finer == Kept::Finer::bytes && !are_levels(in.refine_codes, n * of.refine_codes)) {
    return false;
  }
  if (of.norms != 0 && !usable(in.norms, n, 0, kLargestSquare)) return false;
  if (of.mean_products != 0) {
    const double most = largest_product(coding_.options.metric, coding_.transform.mean_square());
    if (!usable(in.mean_products, n, -most, most)) return false;
  }
  return factors_acceptable(in, n);
}

void Rows::import_codes(const Arrays& in, std::size_t n) {
  const std::size_t bytes = coding_.row_bytes;
  const std::size_t of_file = sizes().codes;
  for (std::size_t i = 0; i < n;) {
    const std::size_t row = count_ + i;
    const std::size_t count = std::min(kColumnRows - row % kColumnRows, n - i);
    const std::uint8_t* from = in.codes + i * of_file;
    if (of_file != bytes) {
      std::memset(packed_.data(), 0, packed_.size());
      for (std::size_t k = 0; k < count; ++k) {
        std::memcpy(packed_.data() + k * bytes, from + k * of_file, of_file);
      }
      from = packed_.data();
    }
    put_codes(row, count, from);
    i += count;
  }
}

/// Imports everything except the codes of row i.
void Rows::import_row(const Arrays& in, std::size_t i) {
  const RowSizes of = sizes();
  const auto [record, finer, slot] = at(count_ + i);
  if (coding_.learned()) {
    for (std::size_t k = 0; k < coding_.layout.segments(); ++k) {
      std::memcpy(block_.half_factors(record, k) + slot, in.factors + i * of.factors + 2 * k, 2);
    }
  } else if (of.factors != 0) {
    std::memcpy(block_.factors(record) + slot, in.factors + 4 * i, 4);
  }
  if (of.norms != 0) block_.added(record)[slot] = in.norms[i];
  if (of.mean_products != 0) block_.added(record)[slot] = in.mean_products[i];
  if (std::int32_t* const sums = block_.level_sums(record); sums != nullptr) {
    std::int32_t sum = 0;
    const auto* codes = reinterpret_cast<const std::int8_t*>(in.codes + i * of.codes);
    for (std::size_t j = 0; j < coding_.options.dims; ++j) sum += codes[j];
    sums[slot] = sum;
  }
  if (of.tails != 0) block_.tails(record)[slot] = in.tails[i];
  if (of.refine_codes != 0) {
    std::memcpy(finer_.codes(finer, slot), in.refine_codes + i * of.refine_codes, of.refine_codes);
    finer_.factors(finer)[slot] = in.refine_factors[i];
  }
}

Result Rows::import_rows(const Arrays& in, std::size_t n) {
  if (n == 0) return success();
  if (!acceptable(in, n)) return failure(Status::corrupt_data);
  const Result room = reserve(count_ + n);
  if (!room.ok()) return room;
  import_codes(in, n);
  for (std::size_t i = 0; i < n; ++i) import_row(in, i);
  append(n);
  return success();
}

}  // namespace fewbits::vectors
