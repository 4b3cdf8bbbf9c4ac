// What a sample of vectors teaches about how to code others like them.

#pragma once

#include <cstddef>
#include <cstdint>

#include "base/buffer.h"
#include "fewbits/vectors.h"

namespace fewbits::vectors {

/// Finite vectors, some of them held out of learning, so that what was learned can be tried on
/// them: `held_out` of the `n`, evenly spread.
struct Sample {
  const float* x;
  std::size_t n;
  std::size_t dims;
  bool normalise;  ///< for cosine
  std::size_t held_out = 0;

  const float* row(std::size_t r) const { return x + r * dims; }
  bool is_held_out(std::size_t r) const { return r * held_out / n != (r + 1) * held_out / n; }
  /// What a row is to be multiplied by: for cosine what brings it to norm 1, or 0.
  double scale(std::size_t r) const;
};

/// An orthonormal matrix and the bits of its columns.
struct Learned {
  Buffer<float> matrix;  ///< y = x M
  Buffer<Segment> segments;
  /// Whether scores come out better than with a random rotation and even bits. They do not where
  /// the sample varies alike in all directions, or is too small to tell.
  bool pays = false;
  /// What is left of the expected square of a score's error, as a part of that without axes.
  double left = 1;
};

/// The mean of all rows, and whether it is clearly one and none of chance: one vector says nothing.
/// False when memory is short.
bool learn_mean(const Sample& sample, Buffer<double>* mean, bool* clear);

/// Learns how to code vectors like those of the sample that are not held out, in at most
/// `row_bytes` bytes, two for each segment's factor included: the columns of the matrix are the
/// principal axes of the sample, cut by falling variance into segments, each of which is rotated at
/// random (single axes have heavy tails, which the codebooks of N(0,1) do not fit), and the bits of
/// the segments are those that make the error of a score least when queries look like the sample
/// (dynamic programming; in the limit, reverse water-filling). After Gao et al., SAQ, SIGMOD 2026.
/// `even_distortion` is that of a code with even bits in the same bytes. Allocates.
Result learn_axes(const Sample& sample, const Buffer<double>& mean, std::size_t row_bytes,
                  double even_distortion, std::uint32_t seed, Learned* learned);

}  // namespace fewbits::vectors
