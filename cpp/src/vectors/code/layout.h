// How the code of a row is cut up: segments of coordinates, each in one or two planes of 4-, 2- or
// 1-bit codes, each plane starting a byte.

#pragma once

#include <cstddef>
#include <cstdint>

#include "base/buffer.h"
#include "fewbits/vectors.h"
#include "vectors/code/codebook.h"

namespace fewbits::vectors {

struct Plane {
  int bits;
  std::size_t byte;  ///< of the row
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
  /// Segments in order; those of 0 bits take no room. Bits must be valid. False when memory is
  /// short.
  bool init(const Segment* segments, std::size_t count);

  std::size_t segments() const { return coded_.size(); }
  const CodedSegment& segment(std::size_t i) const { return coded_[i]; }
  std::size_t row_bytes() const { return row_bytes_; }

  /// The row of a vector from the codes of its coordinates, a byte each.
  void pack(const std::uint8_t* codes, std::uint8_t* row) const;
  /// Levels from a row whose bytes lie `stride` apart. Coordinates without bits become 0.
  void unpack(const std::uint8_t* row, std::size_t stride, std::int8_t* levels,
              std::size_t dims) const;

 private:
  Buffer<CodedSegment> coded_;
  std::size_t row_bytes_ = 0;
};

}  // namespace fewbits::vectors
