// The scan: estimates of all rows for several queries.

#pragma once

#include "vectors/code/coding.h"
#include "vectors/find/best.h"
#include "vectors/find/query.h"
#include "vectors/rows.h"

namespace fewbits::vectors {

/// Offers every existing, allowed row to the best rows of each of `count` queries.
void scan(const Coding& coding, const Rows& rows, const Queries& queries, std::size_t count,
          const std::uint32_t* allowed, Best* best);
/// The same for rows of bits, with `count` queries of as many bytes; the score is minus the number
/// of differing bits.
void scan_bits(const Coding& coding, const Rows& rows, const std::uint8_t* queries,
               std::size_t count, const std::uint32_t* allowed, Best* best);

}  // namespace fewbits::vectors
