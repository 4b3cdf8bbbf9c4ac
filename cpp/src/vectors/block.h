// The record of a block of 64 rows: the only code that knows where codes, factors and other data
// are. The parts of a record start at multiples of sixteen bytes.

#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <type_traits>

#include "vectors/code/kernels.h"
#include "vectors/kept.h"

namespace fewbits::vectors {

inline std::size_t round_up(std::size_t n, std::size_t multiple) {
  return (n + multiple - 1) / multiple * multiple;
}

/// A float16 that is neither negative nor infinite, without branches.
inline float f32_from_small_f16(std::uint16_t half) {
  return std::bit_cast<float>(static_cast<std::uint32_t>(half) << 13) * 0x1p112f;
}

/// The bytes of a record, const or not, as values of another type.
template <typename T, typename Byte>
auto* values_at(Byte* record, std::size_t offset) {
  using Value = std::conditional_t<std::is_const_v<Byte>, const T, T>;
  return reinterpret_cast<Value*>(record + offset);
}

/// Codes (transposed for look-ups, or row after row for dot products), then factors, then the
/// values that the scan adds, then sums of levels, then tails. A record is addressed by its first
/// byte.
class Block {
 public:
  Block() = default;
  /// For `row_bytes` of codes per row, in `segments` segments that have bits.
  Block(const Kept& kept, std::size_t row_bytes, std::size_t segments) : kept_(kept) {
    const std::size_t of_factors = kept.codes == Kept::Codes::signs ? 0
                                   : kept.codes == Kept::Codes::learned
                                       ? segments * sizeof(std::uint16_t)
                                       : sizeof(float);
    factors_ = kBlockRows * row_bytes;
    added_ = factors_ + kBlockRows * of_factors;
    level_sums_ = added_ + (kept.added != Kept::Added::none ? kBlockRows * sizeof(float) : 0);
    tails_ = level_sums_ + (kept.level_sums ? kBlockRows * sizeof(std::int32_t) : 0);
    bytes_ = tails_ + (kept.finer == Kept::Finer::tails ? kBlockRows * sizeof(std::uint32_t) : 0);
  }

  std::size_t bytes() const { return bytes_; }

  /// The factors; nullptr if there are none.
  template <typename Byte>
  auto* factors(Byte* record) const {
    auto* const at = values_at<float>(record, factors_);
    return kept_.codes != Kept::Codes::signs ? at : nullptr;
  }
  template <typename Byte>
  auto* half_factors(Byte* record, std::size_t segment) const {
    return values_at<std::uint16_t>(record, factors_) + segment * kBlockRows;
  }
  /// Norms or products with the mean; nullptr if there are none.
  template <typename Byte>
  auto* added(Byte* record) const {
    auto* const at = values_at<float>(record, added_);
    return kept_.added != Kept::Added::none ? at : nullptr;
  }
  /// The sums of levels; nullptr if there are none.
  template <typename Byte>
  auto* level_sums(Byte* record) const {
    auto* const at = values_at<std::int32_t>(record, level_sums_);
    return kept_.level_sums ? at : nullptr;
  }
  /// The tails; nullptr if there are none.
  template <typename Byte>
  auto* tails(Byte* record) const {
    auto* const at = values_at<std::uint32_t>(record, tails_);
    return kept_.finer == Kept::Finer::tails ? at : nullptr;
  }

 private:
  Kept kept_;
  std::size_t factors_ = 0;
  std::size_t added_ = 0;
  std::size_t level_sums_ = 0;
  std::size_t tails_ = 0;
  std::size_t bytes_ = 0;
};

/// The second codes of the same rows, row after row, then their factors.
class FinerBlock {
 public:
  FinerBlock() = default;
  explicit FinerBlock(std::size_t row_bytes) : row_bytes_(row_bytes) {}

  std::size_t bytes() const { return factors_at() + kBlockRows * sizeof(float); }
  std::size_t row_bytes() const { return row_bytes_; }

  template <typename Byte>
  Byte* codes(Byte* record, std::size_t slot) const {
    return record + slot * row_bytes_;
  }
  template <typename Byte>
  auto* factors(Byte* record) const {
    return values_at<float>(record, factors_at());
  }

 private:
  std::size_t factors_at() const { return round_up(kBlockRows * row_bytes_, 16); }

  std::size_t row_bytes_ = 0;
};

}  // namespace fewbits::vectors
