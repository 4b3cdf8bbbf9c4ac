// The scan, block by block: sums of look-ups or products become estimates.

#include "vectors/find/scan.h"

#include <algorithm>
#include <bit>

#include "simd/opaque.h"

namespace fewbits::vectors {

namespace {

/// Offers the existing rows of a block that are in `mask` and allowed.
void offer_block(const Rows& rows, std::uint64_t mask, const float* estimates, std::size_t first,
                 const std::uint32_t* allowed, Best* best) {
  if (mask == 0) return;
  const std::size_t count = rows.count();
  if (count - first < kBlockRows) mask &= (std::uint64_t{1} << (count - first)) - 1;
  mask &= ~rows.removed_in(first / kBlockRows);
  if (allowed != nullptr) {
    mask &= allowed[first / 32] |
            static_cast<std::uint64_t>(first + 32 < count ? allowed[first / 32 + 1] : 0) << 32;
  }
  for (; mask != 0; mask &= mask - 1) {
    const int slot = std::countr_zero(mask);
    best->offer(estimates[slot], static_cast<std::uint32_t>(first) + static_cast<unsigned>(slot));
  }
}

/// Rows that are scored for one query before the next one: they stay in the cache.
constexpr std::size_t kTileRows = 1024;

/// A kernel that is not inlined, as wasm-opt would do if it has a single caller: engines compile by
/// function, and a function that loops over all rows would stay in baseline code until it is called
/// again.
template <typename Kernel>
Kernel* apart(Kernel* kernel) {
  return fewbits::simd::opaque(kernel);
}

/// Subtracts the effect of the query's offset from the sums. Rows that do not exist may hold
/// anything, so the arithmetic is unsigned.
void take_offset(const std::int32_t* level_sums, std::int32_t* sums) {
  constexpr auto kOffset = static_cast<std::uint32_t>(Queries::kDotOffset);
  for (std::size_t r = 0; r < kBlockRows; ++r) {
    sums[r] = static_cast<std::int32_t>(static_cast<std::uint32_t>(sums[r]) -
                                        kOffset * static_cast<std::uint32_t>(level_sums[r]));
  }
}

/// estimates += (base + the planes' steps * sums) * factors.
void add_segment(const std::int32_t* sums, float base, float step, const std::uint16_t* factors,
                 float* estimates) {
  for (std::size_t r = 0; r < kBlockRows; ++r) {
    estimates[r] += (base + step * static_cast<float>(sums[r])) * f32_from_small_f16(factors[r]);
  }
}

void add_segment(const std::int32_t* high, const std::int32_t* low, float base, float high_step,
                 float low_step, const std::uint16_t* factors, float* estimates) {
  for (std::size_t r = 0; r < kBlockRows; ++r) {
    const float partial = base + high_step * static_cast<float>(high[r]);
    estimates[r] +=
        (partial + low_step * static_cast<float>(low[r])) * f32_from_small_f16(factors[r]);
  }
}

/// estimates = (base + high_step * high + low_step * low) * factors.
void set_estimates(const std::int32_t* high, const std::int32_t* low, float base, float high_step,
                   float low_step, const float* factors, float* estimates) {
  for (std::size_t r = 0; r < kBlockRows; ++r) {
    const float partial = base + high_step * static_cast<float>(high[r]);
    estimates[r] = (partial + low_step * static_cast<float>(low[r])) * factors[r];
  }
}

/// Codes of 3 or 6 bits, which are looked up in two planes.
void scan_two_planes(const Coding& coding, const Rows& rows, const Queries& queries,
                     std::size_t count, const std::uint32_t* allowed, Best* best) {
  alignas(16) std::int32_t sums[2][kBlockRows];
  alignas(16) float estimates[kBlockRows];
  const Block& block = rows.block();
  const auto lut_scan = apart(kernels::lut_scan);
  const Plane* const planes = coding.layout.segment(0).plane;
  for (std::size_t tile = 0; tile < rows.count(); tile += kTileRows) {
    const std::size_t tile_end = std::min(rows.count(), tile + kTileRows);
    for (std::size_t q = 0; q < count; ++q) {
      for (std::size_t first = tile; first < tile_end; first += kBlockRows) {
        const std::uint8_t* at = rows.block_of(first);
        for (int p = 0; p < 2; ++p) {
          lut_scan(at + planes[p].byte * kBlockRows, planes[p].bytes,
                   queries.table(q, planes[p].byte), sums[p]);
        }
        set_estimates(sums[0], sums[1], queries.base(q, 0), queries.step(q, 0, 0),
                      queries.step(q, 0, 1), block.factors(at), estimates);
        const std::uint64_t mask =
            kernels::above(estimates, block.added(at), queries.weight(q), best[q].threshold());
        offer_block(rows, mask, estimates, first, allowed, &best[q]);
      }
    }
  }
}

void scan_tables(const Coding& coding, const Rows& rows, const Queries& queries, std::size_t count,
                 const std::uint32_t* allowed, Best* best) {
  alignas(16) std::int32_t sums[kBlockRows];
  alignas(16) float estimates[kBlockRows];
  const Block& block = rows.block();
  const auto lut_scan = apart(kernels::lut_scan);
  for (std::size_t tile = 0; tile < rows.count(); tile += kTileRows) {
    const std::size_t tile_end = std::min(rows.count(), tile + kTileRows);
    for (std::size_t q = 0; q < count; ++q) {
      const std::uint8_t* table = queries.table(q, 0);
      const float base = queries.base(q, 0);
      const float step = queries.step(q, 0, 0);
      for (std::size_t first = tile; first < tile_end; first += kBlockRows) {
        const std::uint8_t* at = rows.block_of(first);
        lut_scan(at, coding.row_bytes, table, sums);
        const std::uint64_t mask =
            kernels::estimate(sums, base, step, block.factors(at), block.added(at),
                              queries.weight(q), best[q].threshold(), estimates);
        offer_block(rows, mask, estimates, first, allowed, &best[q]);
      }
    }
  }
}

void scan_segments(const Coding& coding, const Rows& rows, const Queries& queries,
                   std::size_t count, const std::uint32_t* allowed, Best* best) {
  alignas(16) std::int32_t sums[2][kBlockRows];
  alignas(16) float estimates[kBlockRows];
  const Block& block = rows.block();
  const auto lut_scan = apart(kernels::lut_scan);
  for (std::size_t tile = 0; tile < rows.count(); tile += kTileRows) {
    const std::size_t tile_end = std::min(rows.count(), tile + kTileRows);
    for (std::size_t q = 0; q < count; ++q) {
      for (std::size_t first = tile; first < tile_end; first += kBlockRows) {
        const std::uint8_t* at = rows.block_of(first);
        std::fill_n(estimates, kBlockRows, 0.0f);
        for (std::size_t s = 0; s < coding.layout.segments(); ++s) {
          const CodedSegment& segment = coding.layout.segment(s);
          for (int p = 0; p < segment.planes; ++p) {
            const Plane& plane = segment.plane[p];
            lut_scan(at + plane.byte * kBlockRows, plane.bytes, queries.table(q, plane.byte),
                     sums[p]);
          }
          const float base = queries.base(q, s);
          const float step = queries.step(q, s, 0);
          if (segment.planes == 1) {
            add_segment(sums[0], base, step, block.half_factors(at, s), estimates);
          } else {
            add_segment(sums[0], sums[1], base, step, queries.step(q, s, 1),
                        block.half_factors(at, s), estimates);
          }
        }
        const std::uint64_t mask =
            kernels::above(estimates, block.added(at), queries.weight(q), best[q].threshold());
        offer_block(rows, mask, estimates, first, allowed, &best[q]);
      }
    }
  }
}

void scan_dots(const Coding& coding, const Rows& rows, const Queries& queries, std::size_t count,
               const std::uint32_t* allowed, Best* best) {
  alignas(16) std::int32_t sums[4 * kBlockRows];
  alignas(16) std::int32_t computed[kTileRows];
  alignas(16) float estimates[kBlockRows];
  const Block& block = rows.block();
  const auto dot_scan = apart(kernels::dot_scan);
  const auto dot_scan4 = apart(kernels::dot_scan4);
  const auto row_sums = apart(kernels::row_sums);
  for (std::size_t tile = 0; tile < rows.count(); tile += kTileRows) {
    const std::size_t tile_end = std::min(rows.count(), tile + kTileRows);
    for (std::size_t q = 0; q < count;) {
      const std::size_t group = count - q >= 4 ? 4 : 1;
      for (std::size_t first = tile; first < tile_end; first += kBlockRows) {
        const std::uint8_t* at = rows.block_of(first);
        const auto* codes = reinterpret_cast<const std::int8_t*>(at);
        if (group == 4) {
          dot_scan4(codes, coding.row_bytes, queries.dot(q), sums);
        } else {
          dot_scan(codes, coding.row_bytes, queries.dot(q), sums);
        }
        const std::int32_t* levels_of_row = block.level_sums(at);
        if (levels_of_row == nullptr) {
          std::int32_t* of_block = computed + (first - tile);
          if (q == 0) row_sums(codes, coding.row_bytes, of_block);
          levels_of_row = of_block;
        }
        for (std::size_t j = 0; j < group; ++j) {
          std::int32_t* sum = sums + j * kBlockRows;
          take_offset(levels_of_row, sum);
          Best& own = best[q + j];
          const std::uint64_t mask =
              kernels::estimate(sum, 0, queries.dot_step(q + j), block.factors(at), block.added(at),
                                queries.weight(q + j), own.threshold(), estimates);
          offer_block(rows, mask, estimates, first, allowed, &own);
        }
      }
      q += group;
    }
  }
}

}  // namespace

void scan(const Coding& coding, const Rows& rows, const Queries& queries, std::size_t count,
          const std::uint32_t* allowed, Best* best) {
  switch (coding.kept.codes) {
    case Kept::Codes::even:
      return coding.layout.segment(0).planes == 2
                 ? scan_two_planes(coding, rows, queries, count, allowed, best)
                 : scan_tables(coding, rows, queries, count, allowed, best);
    case Kept::Codes::learned:
      return scan_segments(coding, rows, queries, count, allowed, best);
    case Kept::Codes::bytes:
      return scan_dots(coding, rows, queries, count, allowed, best);
    case Kept::Codes::signs:
      return;  // has no Queries: see scan_bits()
  }
}

void scan_bits(const Coding& coding, const Rows& rows, const std::uint8_t* queries,
               std::size_t count, const std::uint32_t* allowed, Best* best) {
  alignas(16) std::int32_t sums[kBlockRows];
  alignas(16) float estimates[kBlockRows];
  const auto bit_scan = apart(kernels::bit_scan);
  for (std::size_t tile = 0; tile < rows.count(); tile += kTileRows) {
    const std::size_t tile_end = std::min(rows.count(), tile + kTileRows);
    for (std::size_t q = 0; q < count; ++q) {
      const std::uint8_t* query = queries + q * coding.row_bytes;
      for (std::size_t first = tile; first < tile_end; first += kBlockRows) {
        bit_scan(rows.block_of(first), coding.row_bytes, query, sums);
        for (std::size_t r = 0; r < kBlockRows; ++r) estimates[r] = static_cast<float>(-sums[r]);
        const std::uint64_t mask = kernels::above(estimates, nullptr, 0, best[q].threshold());
        offer_block(rows, mask, estimates, first, allowed, &best[q]);
      }
    }
  }
}

}  // namespace fewbits::vectors
