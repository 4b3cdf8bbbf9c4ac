// The coding of the rows of an index: what is stored of them, along which axes, with which bits.
// Files contain it along with the rows.

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
  Buffer<Segment> segments;   ///< including those of 0 bits
  Layout layout;              ///< of the codes that are scanned
  Buffer<float> scales;       ///< of the float16 factors, one per coded segment
  std::size_t row_bytes = 0;  ///< of codes that are scanned, in memory
  Layout finer_layout;        ///< of second codes of 4 bits
  std::size_t finer_bytes = 0;

  bool learned() const { return kept.codes == Kept::Codes::learned; }
  bool of_bits() const { return kept.codes == Kept::Codes::signs; }
  /// The bits in the last byte of a row of bits that belong to the vector; the first bit is the
  /// highest.
  std::uint8_t last_bits() const {
    return static_cast<std::uint8_t>(0xFF00u >> ((options.dims - 1) % 8 + 1));
  }

  /// Sets up a coding without learned axes. False when memory is short.
  bool init(const Options& wanted);
  /// Sets a mean of dims values.
  void set_mean(Buffer<float> mean);
};

/// Segments and axes for coding rows from now on: along those of `matrix`, or rotated at random
/// without one. Built first, and moved into a Coding when nothing can fail any more.
struct Axes {
  Buffer<Segment> segments;
  Buffer<float> matrix;
  Kept kept;
  Layout layout;
  Buffer<float> scales;
  std::size_t row_bytes = 0;

  /// Builds axes from segments and an optional matrix. False when memory is short.
  bool init(const Coding& coding, Buffer<Segment> wanted, Buffer<float> learned);
  /// Builds a random rotation, with the same bits for every coordinate.
  bool init_evenly(const Coding& coding);
  void move_into(Coding* coding);
};

}  // namespace fewbits::vectors
