// What is learned from a sample of vectors about coding others like them.

#pragma once

#include <cstddef>
#include <cstdint>

#include "base/buffer.h"
#include "fewbits/vectors.h"

namespace fewbits::vectors {

/// Finite vectors, some of which are held out from learning to test the result: `held_out` of the
/// `n`, evenly spread.
struct Sample {
  const float* x;
  std::size_t n;
  std::size_t dims;
  bool normalise;  ///< for cosine
  std::size_t held_out = 0;

  const float* row(std::size_t r) const { return x + r * dims; }
  bool is_held_out(std::size_t r) const { return r * held_out / n != (r + 1) * held_out / n; }
  /// The factor of a row: for cosine the one that makes its norm 1, or 0.
  double scale(std::size_t r) const;
};

/// An orthonormal matrix, and the bits of its columns.
struct Learned {
  Buffer<float> matrix;  ///< y = x M
  Buffer<Segment> segments;
  /// Whether scores are better than with a random rotation and even bits. They are not if the
  /// sample varies equally in all directions, or is too small to tell.
  bool pays = false;
  /// The expected squared error of a score, relative to that without axes.
  double left = 1;
};

/// Computes the mean of all rows, and whether it is clearly not due to chance: a single vector does
/// not tell. False when memory is short.
bool learn_mean(const Sample& sample, Buffer<double>* mean, bool* clear);

/// Learns how to code vectors like the rows that are not held out, in at most `row_bytes` bytes,
/// including two for the factor of each segment. The columns of the matrix are the principal axes
/// of the sample, cut by decreasing variance into segments. Each segment is rotated at random
/// (single axes have heavy tails, which the codebooks of N(0,1) do not fit), and its bits are those
/// that make the error of a score smallest when queries are like the sample (dynamic programming;
/// in the limit, reverse water-filling). After Gao et al., SAQ, SIGMOD 2026. `even_distortion` is
/// that of a code with even bits in the same bytes. Allocates memory.
Result learn_axes(const Sample& sample, const Buffer<double>& mean, std::size_t row_bytes,
                  double even_distortion, std::uint32_t seed, Learned* learned);

}  // namespace fewbits::vectors
