// The layout of a row's code: segments of coordinates, each in one or two planes of 4-, 2- or 1-bit
// codes; every plane starts at a byte.

#pragma once

#include <cstddef>
#include <cstdint>

#include "base/buffer.h"
#include "fewbits/vectors.h"
#include "vectors/code/codebook.h"

namespace fewbits::vectors {

struct Plane {
  int bits;
  std::size_t byte;  ///< offset in the row
  std::size_t bytes;
  const std::int8_t* levels;
};

struct CodedSegment {
  std::size_t dim;
  std::size_t dims;
  const Codebook* book;
  int planes;
  Plane plane[2];
};

class Layout {
 public:
  /// Lays out segments in order; those of 0 bits take no bytes. Bits must be valid. False when
  /// memory is short.
  bool init(const Segment* segments, std::size_t count);

  std::size_t segments() const { return coded_.size(); }
  const CodedSegment& segment(std::size_t i) const { return coded_[i]; }
  std::size_t row_bytes() const { return row_bytes_; }

  /// Packs the codes of the coordinates of a vector, one per byte, into its row.
  void pack(const std::uint8_t* codes, std::uint8_t* row) const;
  /// Unpacks levels from a row whose bytes are `stride` apart. Coordinates without bits become 0.
  void unpack(const std::uint8_t* row, std::size_t stride, std::int8_t* levels,
              std::size_t dims) const;

 private:
  Buffer<CodedSegment> coded_;
  std::size_t row_bytes_ = 0;
};

}  // namespace fewbits::vectors
