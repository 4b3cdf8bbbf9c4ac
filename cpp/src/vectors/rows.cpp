// Rows in blocks: written, found, removed and moved together.

#include "vectors/rows.h"

#include <algorithm>
#include <cstring>

namespace fewbits::vectors {

bool Rows::make_room(std::size_t row_bytes) {
  return packed_.resize(kColumnRows * row_bytes);
}

void Rows::lay_out() {
  block_ = Block(coding_.kept, coding_.row_bytes, coding_.layout.segments());
  main_ = Records(block_.bytes());
  if (!second_code()) return;
  finer_ = FinerBlock(coding_.finer_bytes);
  second_ = Records(finer_.bytes());
}

std::size_t Rows::bytes() const {
  return main_.bytes() + second_.bytes() + removed_.bytes() + packed_.bytes();
}

Result Rows::reserve(std::size_t wanted) {
  if (wanted > kMaxRows) return failure(Status::out_of_memory);
  const std::size_t blocks = (wanted + kBlockRows - 1) / kBlockRows;
  if (blocks > removed_.size() &&
      !removed_.resize_zeroed(std::max(blocks, removed_.size() + removed_.size() / 4))) {
    return failure(Status::out_of_memory);
  }
  const std::size_t before = main_.capacity();
  if (!main_.reserve(blocks)) return failure(Status::out_of_memory);
  if (second_code() && !second_.reserve(blocks)) {
    main_.shrink(before);
    return failure(Status::out_of_memory);
  }
  return success();
}

void Rows::remove(std::size_t row) {
  removed_[row / 64] |= std::uint64_t{1} << (row % 64);
  --alive_;
}

void Rows::truncate(std::size_t rows) {
  while (count_ > rows) {
    --count_;
    const std::uint64_t bit = std::uint64_t{1} << (count_ % 64);
    if ((removed_[count_ / 64] & bit) == 0) --alive_;
    removed_[count_ / 64] &= ~bit;
  }
  const std::size_t blocks = (rows + kBlockRows - 1) / kBlockRows;
  main_.shrink(blocks);
  if (second_code()) second_.shrink(blocks);
}

void Rows::compact() {
  if (alive_ == count_) return;
  std::size_t to = 0;
  for (std::size_t from = 0; from < count_; ++from) {
    if (is_removed(from)) continue;
    if (to != from) copy(from, to);
    ++to;
  }
  std::memset(removed_.data(), 0, removed_.bytes());
  truncate(to);
  alive_ = to;
}

void Rows::set_removed(std::size_t row, bool removed) {
  const std::uint64_t bit = std::uint64_t{1} << (row % 64);
  std::uint64_t& word = removed_[row / 64];
  word = removed ? word | bit : word & ~bit;
}

void Rows::compact_some(std::size_t from, std::size_t to, std::size_t n) {
  const std::size_t end = from + std::min(n, count_ - std::min(from, count_));
  for (; from < end; ++from) {
    if (is_removed(from)) continue;
    if (to != from) {
      copy(from, to);
      set_removed(to, false);
      set_removed(from, true);
    }
    ++to;
  }
}

void Rows::put_codes(std::size_t row, std::size_t count, const std::uint8_t* from) {
  const std::size_t bytes = coding_.row_bytes;
  const std::size_t slot = row % kBlockRows;
  if (coding_.kept.codes == Kept::Codes::bytes) {
    std::memcpy(block_of(row) + slot * bytes, from, count * bytes);
    return;
  }
  std::uint8_t* to = block_of(row) + slot;
  if (count == kColumnRows) {
    kernels::to_columns(from, bytes, to);
    return;
  }
  for (std::size_t i = 0; i < count; ++i) {
    for (std::size_t p = 0; p < bytes; ++p) to[p * kBlockRows + i] = from[i * bytes + p];
  }
}

void Rows::get_codes(std::size_t row, std::size_t count, std::uint8_t* to) const {
  const std::size_t bytes = coding_.row_bytes;
  const std::size_t slot = row % kBlockRows;
  if (coding_.kept.codes == Kept::Codes::bytes) {
    std::memcpy(to, block_of(row) + slot * bytes, count * bytes);
    return;
  }
  const std::uint8_t* from = block_of(row) + slot;
  if (count == kColumnRows) {
    kernels::from_columns(from, bytes, to);
    return;
  }
  for (std::size_t i = 0; i < count; ++i) {
    for (std::size_t p = 0; p < bytes; ++p) to[i * bytes + p] = from[p * kBlockRows + i];
  }
}

void Rows::copy(std::size_t from, std::size_t to) {
  get_codes(from, 1, packed_.data());
  put_codes(to, 1, packed_.data());
  const Place<std::uint8_t> source = at(from);
  const Place<std::uint8_t> target = at(to);
  const auto move = [&source, &target](auto* of_source, auto* of_target) {
    if (of_source != nullptr) of_target[target.slot] = of_source[source.slot];
  };
  if (coding_.learned()) {
    for (std::size_t s = 0; s < coding_.layout.segments(); ++s) {
      move(block_.half_factors(source.block, s), block_.half_factors(target.block, s));
    }
  } else {
    move(block_.factors(source.block), block_.factors(target.block));
  }
  move(block_.added(source.block), block_.added(target.block));
  move(block_.level_sums(source.block), block_.level_sums(target.block));
  move(block_.tails(source.block), block_.tails(target.block));
  if (!second_code()) return;
  std::memmove(finer_.codes(target.finer, target.slot), finer_.codes(source.finer, source.slot),
               finer_.row_bytes());
  move(finer_.factors(source.finer), finer_.factors(target.finer));
}

void Rows::levels(std::size_t row, std::int8_t* out) const {
  const std::uint8_t* const record = block_of(row);
  const std::size_t slot = row % kBlockRows;
  if (coding_.kept.codes == Kept::Codes::bytes) {
    std::memcpy(out, record + slot * coding_.row_bytes, coding_.options.dims);
  } else {
    coding_.layout.unpack(record + slot, kBlockRows, out, coding_.options.dims);
  }
}

void Rows::finer_levels(std::size_t row, std::int8_t* out) const {
  const Place<const std::uint8_t> place = at(row);
  const std::uint8_t* const codes = finer_.codes(place.finer, place.slot);
  if (coding_.kept.finer == Kept::Finer::bytes) {
    std::memcpy(out, codes, coding_.options.dims);
  } else {
    coding_.finer_layout.unpack(codes, 1, out, coding_.options.dims);
  }
}

}  // namespace fewbits::vectors
