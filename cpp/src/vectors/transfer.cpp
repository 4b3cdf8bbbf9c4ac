// Rows out of an index and into one, in the layout of files.

#include <algorithm>
#include <cmath>
#include <cstring>

#include "vectors/rows.h"

namespace fewbits::vectors {

RowSizes Rows::sizes() const {
  RowSizes sizes{};
  const Kept& kept = coding_.kept;
  sizes.codes = kept.codes == Kept::Codes::bytes ? coding_.options.dims : coding_.row_bytes;
  sizes.factors =
      coding_.learned() ? coding_.layout.segments() * sizeof(std::uint16_t) : sizeof(float);
  sizes.norms = kept.extra == Kept::Extra::norms ? sizeof(float) : 0;
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
    } else if (out.factors != nullptr) {
      std::memcpy(out.factors + 4 * i, block_.factors(record) + slot, 4);
    }
    if (of.norms != 0 && out.norms != nullptr) out.norms[i] = block_.norms(record)[slot];
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

bool usable(const float* x, std::size_t count) {
  for (std::size_t i = 0; i < count; ++i) {
    if (!(x[i] >= 0 && std::isfinite(x[i]))) return false;
  }
  return true;
}

/// Float16 values that are neither negative nor infinite, at any address.
bool usable_halves(const std::uint8_t* x, std::size_t count) {
  for (std::size_t i = 0; i < count; ++i) {
    std::uint16_t half = 0;
    std::memcpy(&half, x + 2 * i, 2);
    if (half >= 0x7C00u) return false;
  }
  return true;
}

/// -128 is no level of 8 bits.
bool are_levels(const std::uint8_t* codes, std::size_t count) {
  return std::memchr(codes, 0x80, count) == nullptr;
}

}  // namespace

bool Rows::acceptable(const Arrays& in, std::size_t n) const {
  const RowSizes of = sizes();
  const Kept& kept = coding_.kept;
  const bool factors = coding_.learned() ? usable_halves(in.factors, n * coding_.layout.segments())
                                         : usable(reinterpret_cast<const float*>(in.factors), n);
  return factors && (of.norms == 0 || usable(in.norms, n)) &&
         (of.refine_codes == 0 || usable(in.refine_factors, n)) &&
         (kept.codes != Kept::Codes::bytes || are_levels(in.codes, n * of.codes)) &&
         (kept.finer != Kept::Finer::bytes || are_levels(in.refine_codes, n * of.refine_codes));
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

/// All but the codes of row i of those that come in.
void Rows::import_row(const Arrays& in, std::size_t i) {
  const RowSizes of = sizes();
  const auto [record, finer, slot] = at(count_ + i);
  if (coding_.learned()) {
    for (std::size_t k = 0; k < coding_.layout.segments(); ++k) {
      std::memcpy(block_.half_factors(record, k) + slot, in.factors + i * of.factors + 2 * k, 2);
    }
  } else {
    std::memcpy(block_.factors(record) + slot, in.factors + 4 * i, 4);
  }
  if (of.norms != 0) block_.norms(record)[slot] = in.norms[i];
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
