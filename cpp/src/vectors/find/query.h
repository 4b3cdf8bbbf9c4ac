// Queries prepared for a scan: tables for nibbles, or levels of seven bits.

#pragma once

#include "base/buffer.h"
#include "fewbits/vectors.h"
#include "vectors/code/coding.h"
#include "vectors/code/layout.h"

namespace fewbits::vectors {

/// Queries prepared for the scan: for codes in planes, tables with the contribution of each nibble
/// to the score in eight bits; for codes of a byte, the query itself in seven bits.
class Queries {
 public:
  /// Allocates memory for `count` queries of codes like these; false when memory is short.
  [[nodiscard]] bool init(const Coding& coding, std::size_t count);

  /// `y`: the rotated query.
  void set_tables(const Layout& layout, const float* scales, std::size_t q, const float* y);
  void set_dot(std::size_t q, const float* y, std::size_t dims);

  /// The table for the codes from byte `byte` of the row on.
  const std::uint8_t* table(std::size_t q, std::size_t byte) const {
    return tables_.data() + q * table_bytes_ + byte * 32;
  }
  /// <y, L> for a segment is base plus the sum over its planes of step * look-ups.
  float base(std::size_t q, std::size_t segment) const {
    return numbers_[(q * segments_ + segment) * 3];
  }
  float step(std::size_t q, std::size_t segment, int plane) const {
    return numbers_[(q * segments_ + segment) * 3 + 1 + static_cast<std::size_t>(plane)];
  }

  /// Sets the weight of the rows' added values in the scores of a query, and the offset of all
  /// scores.
  void set_terms(std::size_t q, float weight, float offset) { terms_[q] = {weight, offset}; }
  float weight(std::size_t q) const { return terms_[q].weight; }
  float offset(std::size_t q) const { return terms_[q].offset; }

  const std::uint8_t* dot(std::size_t q) const { return dots_.data() + q * stride_; }
  float dot_step(std::size_t q) const { return numbers_[q]; }

  /// The offset that set_dot adds to bring values into 0..127.
  static constexpr std::int32_t kDotOffset = 64;

 private:
  bool init_tables(const Layout& layout, std::size_t count);
  bool init_dots(std::size_t stride, std::size_t count);

  struct Terms {
    float weight;
    float offset;
  };

  Buffer<std::uint8_t> tables_;
  Buffer<std::uint8_t> dots_;
  Buffer<float> numbers_;
  Buffer<Terms> terms_;
  Buffer<float> exact_;  // tables of one plane before rounding
  std::size_t table_bytes_ = 0;
  std::size_t segments_ = 0;
  std::size_t stride_ = 0;
};

}  // namespace fewbits::vectors
