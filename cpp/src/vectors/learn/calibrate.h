// What an index learns from a sample: a mean, axes and their bits.

#pragma once

#include <cstddef>
#include <cstdint>

#include "base/buffer.h"
#include "fewbits/vectors.h"

namespace fewbits::vectors {

/// A mean, an orthonormal matrix and the bits of its columns, learned from a sample.
struct Learned {
  Buffer<float> mean;
  Buffer<float> matrix;  ///< y = x M
  Buffer<Segment> segments;
  /// Whether scores come out better than with a random rotation and even bits. They do not where
  /// the sample varies alike in all directions, or is too small to tell.
  bool pays = false;
};

/// Learns how to code vectors like those of the sample in at most `row_bytes` bytes, two for each
/// segment's factor included: the columns of the matrix are the principal axes of the sample,
/// cut by falling variance into segments, each of which is rotated at random (single axes have
/// heavy tails, which the codebooks of N(0,1) do not fit), and the bits of the segments are those
/// that make the error of a score least when queries look like the sample (dynamic programming; in
/// the limit, reverse water-filling). After Gao et al., SAQ, SIGMOD 2026. `even_distortion` is that
/// of a code with even bits in the same bytes. Allocates.
Result learn(const float* sample, std::size_t n, std::size_t dims, bool normalise,
             std::size_t row_bytes, double even_distortion, std::uint32_t seed, Learned* learned);

}  // namespace fewbits::vectors
