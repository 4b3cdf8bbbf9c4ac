// Vectors of bits, for hamming: stored in rows unchanged, compared, and returned.

#include <algorithm>
#include <cstring>

#include "vectors/find/scan.h"
#include "vectors/state.h"

namespace fewbits::vectors {
namespace {

/// Clears the bits beyond the last dimension in the last bytes of `n` vectors.
void clear_beyond(const Coding& coding, std::size_t n, std::uint8_t* bits) {
  for (std::size_t i = 1; i <= n; ++i) bits[i * coding.row_bytes - 1] &= coding.last_bits();
}

}  // namespace

Result Index::add(const std::uint8_t* bits, std::size_t n) {
  State& s = *state_;
  if (!s.coding.of_bits()) return failure(Status::invalid_argument);
  const std::size_t bytes = s.coding.row_bytes;
  const std::size_t rows = s.rows.count();
  const Result room = s.rows.reserve(rows + n);
  if (!room.ok()) return room;
  for (std::size_t done = 0; done < n;) {
    const std::size_t first = rows + done;
    const std::size_t count = std::min(kColumnRows - first % kColumnRows, n - done);
    std::memcpy(s.rows.packed(), bits + done * bytes, count * bytes);
    clear_beyond(s.coding, count, s.rows.packed());
    s.rows.put_codes(first, count, s.rows.packed());
    done += count;
  }
  s.rows.append(n);
  return success();
}

Result Index::replace(std::size_t row, const std::uint8_t* bits) {
  State& s = *state_;
  if (!s.coding.of_bits() || row >= s.rows.count() || s.rows.is_removed(row)) {
    return failure(Status::invalid_argument, row);
  }
  std::memcpy(s.rows.packed(), bits, s.coding.row_bytes);
  clear_beyond(s.coding, 1, s.rows.packed());
  s.rows.put_codes(row, 1, s.rows.packed());
  return success();
}

void Index::State::signs_of(std::size_t row, float* x) {
  rows.get_codes(row, 1, rows.packed());
  for (std::size_t i = 0; i < coding.options.dims; ++i) {
    x[i] = (rows.packed()[i / 8] << (i % 8) & 0x80) != 0 ? 1.0f : -1.0f;
  }
}

/// Distances are exact: more candidates than the k best would change nothing.
Result Index::search(const std::uint8_t* queries, std::size_t count, std::size_t k,
                     std::size_t candidates, const std::uint32_t* allowed, Hit* hits,
                     std::size_t* found) {
  State& s = *state_;
  if (!s.coding.of_bits() || count > kMaxQueries || k == 0 || candidates < k) {
    return failure(Status::invalid_argument);
  }
  const std::size_t most = std::min(k, s.rows.alive());
  if (most == 0) {
    std::fill_n(found, count, std::size_t{0});
    return success();
  }
  Buffer<std::uint8_t> wanted;
  Best best[kMaxQueries];
  if (!wanted.assign(queries, count * s.coding.row_bytes)) return failure(Status::out_of_memory);
  clear_beyond(s.coding, count, wanted.data());
  for (std::size_t q = 0; q < count; ++q) {
    if (!best[q].init(most)) return failure(Status::out_of_memory);
  }
  scan_bits(s.coding, s.rows, wanted.data(), count, allowed, best);
  for (std::size_t q = 0; q < count; ++q) {
    found[q] = best[q].finish();
    std::transform(best[q].rows(), best[q].rows() + found[q], hits + q * k, [](const Hit& hit) {
      return Hit{hit.estimate, hit.estimate, hit.row};
    });
  }
  return success();
}

}  // namespace fewbits::vectors
