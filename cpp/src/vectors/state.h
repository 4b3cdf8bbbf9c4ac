#pragma once

// What an index holds, for the files that implement it: index.cpp (adding and removing rows, files)
// and search.cpp with scan.cpp.

#include <bit>
#include <cstring>

#include "fewbits/vectors.h"
#include "base/buffer.h"
#include "vectors/code/kernels.h"
#include "vectors/code/layout.h"
#include "vectors/code/transform.h"
#include "vectors/find/best.h"
#include "vectors/find/query.h"
#include "vectors/records.h"

namespace fewbits::vectors {

/// Of a vector whose scores fit a float.
inline constexpr double kLargestNorm = 1e18;

inline std::size_t round_up(std::size_t n, std::size_t multiple) {
  return (n + multiple - 1) / multiple * multiple;
}

/// A float16 that is neither negative nor infinite, without branches.
inline float f32_from_small_f16(std::uint16_t half) {
  return std::bit_cast<float>(static_cast<std::uint32_t>(half) << 13) * 0x1p112f;
}

struct Index::State {
  Options options;
  Transform transform;
  bool learned = false;
  Layout layout;
  Buffer<float> scales;  // of the float16 factors, a coded segment
  Buffer<Segment> segments;
  Layout refine_layout;

  // A record holds 64 rows: their codes, transposed for the look-ups or row after row for dot
  // products, then their factors, then norms (l2) or sums of levels (dot products), then tails.
  bool by_dot = false;
  std::size_t row_bytes = 0;
  std::size_t factor_offset = 0;
  std::size_t extra_offset = 0;
  bool has_tails = false;
  std::size_t tails_offset = 0;
  Records main;
  // 64 rows of finer codes, a row after the other, then their factors.
  std::size_t refine_bytes = 0;
  Records refine;
  Buffer<std::uint64_t> removed;  // a bit for each row
  std::size_t rows = 0;
  std::size_t alive = 0;

  // What coding a vector needs, so that adding into reserved room cannot fail.
  Buffer<float> centred;
  Buffer<float> rotated;
  Buffer<std::int16_t> fixed;
  Buffer<std::uint8_t> vector_codes;
  Buffer<std::uint8_t> packed;  // kColumnRows rows
  Buffer<std::int8_t> levels;   // of a vector that is reconstructed

  bool init(const Options& wanted);
  bool lay_out(Buffer<Segment> wanted, Buffer<float> matrix);
  bool lay_out_evenly();
  bool tails_fit() const;
  Result reserve(std::size_t rows);

  std::uint8_t* block(std::size_t row) { return main.at(row / kBlockRows); }
  const std::uint8_t* block(std::size_t row) const { return main.at(row / kBlockRows); }
  float* factors(std::uint8_t* block_at) {
    return reinterpret_cast<float*>(block_at + factor_offset);
  }
  const float* factors(const std::uint8_t* block_at) const {
    return reinterpret_cast<const float*>(block_at + factor_offset);
  }
  const std::uint16_t* half_factors(const std::uint8_t* block_at, std::size_t segment) const {
    return reinterpret_cast<const std::uint16_t*>(block_at + factor_offset) + segment * kBlockRows;
  }
  std::uint16_t* half_factors(std::uint8_t* block_at, std::size_t segment) {
    return reinterpret_cast<std::uint16_t*>(block_at + factor_offset) + segment * kBlockRows;
  }
  /// nullptr but for l2.
  const float* norms(const std::uint8_t* block_at) const {
    return options.metric == Metric::l2 ? reinterpret_cast<const float*>(block_at + extra_offset)
                                        : nullptr;
  }
  const std::int32_t* level_sums(const std::uint8_t* block_at) const {
    return reinterpret_cast<const std::int32_t*>(block_at + extra_offset);
  }
  template <typename T>
  void set_extra(std::uint8_t* block_at, std::size_t slot, T value) {
    static_assert(sizeof(T) == 4);
    std::memcpy(block_at + extra_offset + slot * 4, &value, 4);
  }
  std::uint32_t* tails(std::uint8_t* block_at) {
    return reinterpret_cast<std::uint32_t*>(block_at + tails_offset);
  }
  const std::uint32_t* tails(const std::uint8_t* block_at) const {
    return reinterpret_cast<const std::uint32_t*>(block_at + tails_offset);
  }
  std::uint8_t* refine_codes(std::size_t row) {
    return refine.at(row / kBlockRows) + row % kBlockRows * refine_bytes;
  }
  const std::uint8_t* refine_codes(std::size_t row) const {
    return refine.at(row / kBlockRows) + row % kBlockRows * refine_bytes;
  }
  float* refine_factor(std::size_t row) {
    return reinterpret_cast<float*>(refine.at(row / kBlockRows) +
                                    round_up(kBlockRows * refine_bytes, 16)) +
           row % kBlockRows;
  }
  const float* refine_factor(std::size_t row) const {
    return const_cast<State*>(this)->refine_factor(row);
  }
  bool is_removed(std::size_t row) const { return (removed[row / 64] >> (row % 64)) & 1; }

  /// A vector less the mean, times a power of two where its square would not fit a float.
  struct Centred {
    const float* x;  ///< as given or in `centred`
    double own;      ///< its norm
    double norm;     ///< without the power of two
  };
  Result centre(const float* x, Centred* result);
  Centred to_range(const float* x, float square);
  void encode_row(std::size_t row, const Centred& vector, std::uint8_t* to);
  void encode_refine(std::size_t row, const Centred& vector, double norm);
  /// Rows within a group of kColumnRows, one after the other from `from` on.
  void put_codes(std::size_t row, std::size_t count, const std::uint8_t* from);
  void get_codes(std::size_t row, std::size_t count, std::uint8_t* to) const;
  void copy_row(std::size_t from, std::size_t to);

  void levels_of(std::size_t row, std::int8_t* out) const;
  void refine_levels_of(std::size_t row, std::int8_t* out) const;
  float inner_product(std::size_t row, const float* y, std::int8_t* scratch) const;
  void offer_block(std::uint64_t mask, const float* estimates, std::size_t first,
                   const std::uint32_t* allowed, Best* best) const;
  void scan_tables(const Queries& queries, std::size_t count, const std::uint32_t* allowed,
                   Best* best) const;
  void scan_segments(const Queries& queries, std::size_t count, const std::uint32_t* allowed,
                     Best* best) const;
  void scan_dots(const Queries& queries, std::size_t count, const std::uint32_t* allowed,
                 Best* best) const;
  /// Offers every row that is there and allowed to the best of each query.
  void scan(const Queries& queries, std::size_t count, const std::uint32_t* allowed,
            Best* best) const;
};

}  // namespace fewbits::vectors
