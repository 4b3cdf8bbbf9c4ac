// How the rows of an index are coded: what is kept of them, along which axes, with which bits.
// Files hold it beside the rows.

#pragma once

#include "base/buffer.h"
#include "fewbits/vectors.h"
#include "vectors/code/layout.h"
#include "vectors/code/transform.h"
#include "vectors/kept.h"

namespace fewbits::vectors {

struct Coding {
  Options options;
  Transform transform;
  Kept kept;
  Buffer<Segment> segments;   ///< with those of 0 bits
  Layout layout;              ///< of the codes that are scanned
  Buffer<float> scales;       ///< of the float16 factors, a coded segment
  std::size_t row_bytes = 0;  ///< of codes that are scanned, in memory
  Layout finer_layout;        ///< of second codes of 4 bits
  std::size_t finer_bytes = 0;

  bool learned() const { return kept.codes == Kept::Codes::learned; }
  bool of_bits() const { return kept.codes == Kept::Codes::signs; }
  /// The bits in the last byte of a row of bits, the first of them highest, that are of the vector.
  std::uint8_t last_bits() const {
    return static_cast<std::uint8_t>(0xFF00u >> ((options.dims - 1) % 8 + 1));
  }

  /// Without axes. False when memory is short.
  bool init(const Options& wanted);
  /// dims values.
  void set_mean(Buffer<float> mean);
};

/// Segments and axes that rows are to be coded with from now on: along those of `matrix`, or
/// rotated at random where there is none. Made first, put into a Coding when nothing can fail any
/// more.
struct Axes {
  Buffer<Segment> segments;
  Buffer<float> matrix;
  Kept kept;
  Layout layout;
  Buffer<float> scales;
  std::size_t row_bytes = 0;

  /// False when memory is short.
  bool init(const Coding& coding, Buffer<Segment> wanted, Buffer<float> learned);
  /// Rotated at random, every coordinate with the same bits.
  bool init_evenly(const Coding& coding);
  void move_into(Coding* coding);
};

}  // namespace fewbits::vectors
