// The rows of an index in memory: blocks of 64, in which rows are written, found, copied and marked
// as removed. The meaning of their bytes is known to the coder.

#pragma once

#include "base/buffer.h"
#include "vectors/block.h"
#include "vectors/code/coding.h"
#include "vectors/records.h"

namespace fewbits::vectors {

/// The place of a row.
template <typename Byte>
struct Place {
  Byte* block;
  Byte* finer;  ///< nullptr without second codes
  std::size_t slot;
};

class Rows {
 public:
  explicit Rows(const Coding& coding) : coding_(coding) {}

  /// Allocates memory for packing rows; false when memory is short.
  bool make_room(std::size_t row_bytes);
  /// Changes to the current coding; there must be no rows.
  void lay_out();

  std::size_t count() const { return count_; }  ///< including removed ones
  std::size_t alive() const { return alive_; }  ///< without removed ones
  std::size_t bytes() const;

  const Block& block() const { return block_; }
  const FinerBlock& finer() const { return finer_; }

  std::uint8_t* block_of(std::size_t row) { return main_.at(row / kBlockRows); }
  const std::uint8_t* block_of(std::size_t row) const { return main_.at(row / kBlockRows); }
  Place<std::uint8_t> at(std::size_t row) {
    return {block_of(row), second_code() ? second_.at(row / kBlockRows) : nullptr,
            row % kBlockRows};
  }
  Place<const std::uint8_t> at(std::size_t row) const {
    return {block_of(row), second_code() ? second_.at(row / kBlockRows) : nullptr,
            row % kBlockRows};
  }

  bool is_removed(std::size_t row) const { return (removed_[row / 64] >> (row % 64)) & 1; }
  /// One bit per row of a block.
  std::uint64_t removed_in(std::size_t block) const { return removed_[block]; }

  /// Reserves memory for `wanted` rows in total.
  Result reserve(std::size_t wanted);
  /// Adds rows in reserved memory whose data have been written.
  void append(std::size_t n) {
    count_ += n;
    alive_ += n;
  }
  void remove(std::size_t row);
  void truncate(std::size_t rows);
  void compact();
  void compact_some(std::size_t from, std::size_t to, std::size_t n);

  /// kColumnRows rows of codes, for put_codes.
  std::uint8_t* packed() { return packed_.data(); }
  /// Copies codes of rows within a group of kColumnRows, one after another from `from` on.
  void put_codes(std::size_t row, std::size_t count, const std::uint8_t* from);
  void get_codes(std::size_t row, std::size_t count, std::uint8_t* to) const;

  /// Levels of the scanned codes, and of second codes; `out` has space for dims, rounded up to 16.
  void levels(std::size_t row, std::int8_t* out) const;
  void finer_levels(std::size_t row, std::int8_t* out) const;

  /// See Index.
  RowSizes sizes() const;
  void export_rows(std::size_t first, std::size_t n, const Arrays& out) const;
  Result import_rows(const Arrays& in, std::size_t n);

 private:
  bool second_code() const { return coding_.kept.second_code(); }
  void copy(std::size_t from, std::size_t to);
  void set_removed(std::size_t row, bool removed);
  bool acceptable(const Arrays& in, std::size_t n) const;
  bool factors_acceptable(const Arrays& in, std::size_t n) const;
  double factor_of(const Arrays& in, std::size_t i, std::size_t segment) const;
  void import_codes(const Arrays& in, std::size_t n);
  void import_row(const Arrays& in, std::size_t i);

  const Coding& coding_;
  Block block_;
  FinerBlock finer_;
  Records main_;
  Records second_;
  Buffer<std::uint64_t> removed_;  // one bit per row
  Buffer<std::uint8_t> packed_;
  std::size_t count_ = 0;
  std::size_t alive_ = 0;
};

}  // namespace fewbits::vectors
