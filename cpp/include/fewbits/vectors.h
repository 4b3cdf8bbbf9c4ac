// An index of vectors in a few bits per dimension, searched without decoding them.

#pragma once

// Vectors compressed to a few bits per dimension and searched without decompressing.
//
// A vector is (optionally) centred, rotated at random and coded coordinate by coordinate with a
// codebook of N(0,1), which the coordinates of a rotated vector resemble. One factor per vector
// makes the score of a query against a code unbiased:
//   <q, x> is estimated by ||x|| <Rq, L> / <L, o>,   L the levels of the code, o = Rx / ||x||
// (Gao and Long, RaBitQ, SIGMOD 2024; Zandieh et al., TurboQuant, 2025).
// A search scans all codes with a query rounded to eight bits, then scores the best `candidates`
// again with the query in float (and the finer code, if there is one), and ranks them by that.
// All arithmetic is integer or in a fixed order: the same results on every engine.

#include <cstddef>
#include <cstdint>

#include "fewbits/result.h"

namespace fewbits::vectors {

/// The measure of scores. hamming: vectors are bits, passed packed and stored unchanged, without
/// rotation, mean or factor; search results are exact.
enum class Metric : int { cosine = 0, dot = 1, l2 = 2, hamming = 3 };

inline constexpr std::size_t kMaxDims = 16384;
inline constexpr std::size_t kMaxRows = 0xFFFFFF00u;
/// The most queries per search call.
inline constexpr std::size_t kMaxQueries = 64;
/// The largest norm of a vector whose scores fit a float, for dot and l2; for l2 after subtracting
/// the mean.
inline constexpr double kLargestNorm = 1e18;
/// The most segments of a learned transform.
inline constexpr std::size_t kMaxSegments = 512;

struct Options {
  std::size_t dims = 0;  ///< 1..kMaxDims
  int bits = 4;          ///< 1, 2, 3, 4, 6 or 8 per dimension; 1 for hamming, no `refine_bits`
  Metric metric = Metric::cosine;
  bool scale_search = true;  ///< choose each vector's scale for the best cosine; slower to add
  int refine_bits = 0;       ///< 0, 4 or 8: a second code that scores the candidates
  std::uint32_t seed = 0;    ///< of the rotation; indexes with the same seed give the same codes
  /// Whether a vector has 32 bits that refine its values in the outermost cells of the code, where
  /// errors are largest: the score error falls from .094 to .087 / sqrt(dims) at 384 dimensions,
  /// from .096 to .090 at 768. They are used wherever a code is decoded, as in scores of
  /// candidates, but not in the scan. Only at 4 bits with `scale_search`, without `refine_bits` and
  /// a learned transform.
  bool tails = true;
  /// Whether an index with a mean for cosine or dot stores 4 bytes per vector, <mean, x - mean>,
  /// which allow the query to be moved towards the mean too: smaller residuals have smaller errors.
  /// Without them, as in files of earlier versions, the query is compared with x - mean unchanged.
  bool mean_products = true;
};

/// A result of a search. Scores rise with similarity: cosine or dot product, the negated squared
/// distance for l2, and minus the number of differing bits for hamming.
struct Hit {
  float score;     ///< with the query in float, and the finer code if there is one
  float estimate;  ///< of the scan; without the offset that all rows share
  std::uint32_t row;
};

/// A segment of a learned transform: `dims` coordinates coded with `bits` bits each.
struct Segment {
  std::uint32_t dims;
  std::uint32_t bits;  ///< 0, 1, 2, 3, 4, 5, 6 or 8
  float scale;         ///< multiplies the float16 factors of the segment
};

/// The fit of codes to vectors: the average share of a vector's square that codes leave out.
struct Fit {
  double expected = 0;    ///< for vectors like the sample of calibrate(); 0 without
  double seen = 0;        ///< for vectors that were added or replaced since
  std::size_t count = 0;  ///< the number of those

  /// Adds an error to the average; one that is not a number, as for a vector of zeros, is ignored.
  void count_in(double error) {
    if (!(error >= 0 && error < 1e9)) return;
    ++count;
    seen += (error - seen) / static_cast<double>(count);
  }
};

/// Sizes per row of the arrays that store an index outside of memory, row after row, little-endian.
struct RowSizes {
  std::size_t codes;          ///< bytes: codes of b bits from the low end up; segments start bytes;
                              ///< for hamming the bits as given
  std::size_t factors;        ///< bytes: one float32, one float16 per coded segment, or 0
  std::size_t norms;          ///< bytes: float32 ||x - mean||^2 for l2, else 0
  std::size_t mean_products;  ///< bytes: float32 <mean, x - mean> for cosine and dot, or 0
  std::size_t tails;          ///< bytes: one uint32, or 0
  std::size_t refine_codes;   ///< bytes
  std::size_t refine_factors;  ///< bytes: one float32, or 0
};

struct Arrays {
  std::uint8_t* codes = nullptr;
  std::uint8_t* factors = nullptr;
  float* norms = nullptr;
  float* mean_products = nullptr;
  std::uint32_t* tails = nullptr;
  std::uint8_t* refine_codes = nullptr;
  float* refine_factors = nullptr;
};

/// The 2^bits levels of the codes with a number of bits that Segment allows, except 0.
void levels(int bits, std::int8_t* out);

/// CRC-32 as in zip and PNG (ISO-HDLC), which ends a file: continues from `crc`, which starts as 0.
std::uint32_t crc32(std::uint32_t crc, const std::uint8_t* data, std::size_t n);

/// The index. Rows are numbered in order of insertion; removed rows keep their number until
/// compact(). Nothing throws or aborts: a call that returns out_of_memory has changed nothing.
class Index {
 public:
  /// nullptr on invalid options or when memory is short; `result` tells which.
  static Index* create(const Options& options, Result* result);
  ~Index();
  Index(const Index&) = delete;
  Index& operator=(const Index&) = delete;

  const Options& options() const;
  std::size_t rows() const;   ///< including removed ones
  std::size_t size() const;   ///< without removed ones
  std::size_t bytes() const;  ///< memory held
  bool is_removed(std::size_t row) const;

  /// Reserves memory, so that adding up to `rows` rows in total cannot run out of memory.
  Result reserve(std::size_t rows);
  /// Checks whether `n` vectors can be added, with the result of add() and replace(). check(),
  /// add(), replace() and search() take floats, except for hamming, where add(), replace() and
  /// search() take packed bits, which are always valid: dims bits per vector, the first in the
  /// highest bit of a byte. Bits beyond the last dimension are ignored. The wrong kind of vector is
  /// an invalid_argument.
  Result check(const float* x, std::size_t n);
  /// Appends `n` vectors. non_finite and too_large (a norm above kLargestNorm for dot and l2) come
  /// with the first offending value; then nothing is added. A zero vector scores 0 (or like the
  /// mean).
  Result add(const float* x, std::size_t n);
  Result add(const std::uint8_t* bits, std::size_t n);
  /// Replaces the vector in a row that is not removed.
  Result replace(std::size_t row, const float* x);
  Result replace(std::size_t row, const std::uint8_t* bits);
  /// Marks a row as removed.
  Result remove(std::size_t row);
  /// Drops the rows from `rows` on, which undoes an add.
  void truncate(std::size_t rows);
  /// Drops removed rows; the others keep their order and are renumbered.
  void compact();
  /// Does a part of compact(): moves the rows that are not removed, among `n` rows from `from` on,
  /// to row `to` and up, in order, and leaves removed rows behind. `to` <= `from`, and all rows
  /// from `to` to `from` are removed. The removed rows at the end are for truncate().
  void compact_some(std::size_t from, std::size_t to, std::size_t n);

  /// Finds the `k` best rows for each of `count` (<= kMaxQueries) queries, best first, equal scores
  /// in row order, among the `candidates` >= k best of the scan. `allowed` (or nullptr) has one bit
  /// per row, 32 per word. Results: hits[q * k + i] for i < found[q].
  Result search(const float* queries, std::size_t count, std::size_t k, std::size_t candidates,
                const std::uint32_t* allowed, Hit* hits, std::size_t* found);
  Result search(const std::uint8_t* queries, std::size_t count, std::size_t k,
                std::size_t candidates, const std::uint32_t* allowed, Hit* hits,
                std::size_t* found);

  /// Decodes the vector of a row; for cosine without a mean it has norm 1, for hamming it is 1 for
  /// a set bit and -1 otherwise.
  Result reconstruct(std::size_t row, float* x);

  /// The calls up to settle() are an invalid_argument for hamming.
  ///
  /// Before the first add: subtracts `mean` (dims values, or nullptr for none) from vectors (from
  /// normalised ones for cosine), which spreads embeddings that crowd together. non_finite, or
  /// too_large for a norm above kLargestNorm.
  Result set_mean(const float* mean);
  /// Before the first add: replaces the rotation and even bits by a dims x dims orthonormal matrix
  /// (its columns are the new axes: y = x M) and `segments` that cover its columns in order.
  /// invalid_argument for a matrix that is not orthonormal.
  Result set_transform(const float* matrix, const Segment* segments, std::size_t count);

  /// Before the first add: learns the mean and, with `axes`, the principal axes and how to
  /// distribute bits among the coordinates along them, from `n` sample vectors, without more bytes
  /// per vector; a mean alone takes 4 more bytes for cosine and dot. A mean is not used if searches
  /// within the sample miss more neighbours with it, or if it may be due to chance, as for a single
  /// vector. A quarter of the sample, at most 1024 vectors, is held out when axes are learned. Axes
  /// are used only if clearly fewer neighbours among the held-out vectors are missed with them, and
  /// if searches for these vectors among all of the sample do not find fewer neighbours and find
  /// more of the three nearest; never for fewer than 96 vectors. non_finite and too_large as add().
  Result calibrate(const float* sample, std::size_t n, bool axes = true);
  /// Before the first add: checks whether learned axes suit the `n` vectors that come first, of
  /// which some search for each other. If more neighbours are missed with the axes than without, as
  /// may happen for vectors of other topics than the sample's, the axes are dropped, and `changed`
  /// is true.
  Result settle(const float* x, std::size_t n, bool* changed);
  /// The fit since the index was created, calibrated or opened; set_fit() sets where it continues.
  Fit fit() const;
  void set_fit(const Fit& fit);

  bool has_mean() const;
  bool has_transform() const;
  const float* mean() const;
  const float* matrix() const;               ///< of a learned transform
  std::size_t segments(Segment* out) const;  ///< number; fills `out` when not null
  std::size_t rotation_signs(
      std::int8_t* out) const;  ///< number of passes; fills passes x dims when not null

  RowSizes row_sizes() const;
  /// Writes rows first .. first + n, removed or not, in the layout of RowSizes; arrays that are
  /// null are skipped.
  void export_rows(std::size_t first, std::size_t n, const Arrays& out) const;
  /// Appends rows in the layout of export_rows. corrupt_data when a factor or norm is negative, not
  /// finite, or larger than any vector can have; when a code of 8 bits is -128, which is not a
  /// level; or when bits for hamming are set beyond the last dimension.
  Result import_rows(const Arrays& in, std::size_t n);

 private:
  struct State;
  explicit Index(State* state) : state_(state) {}
  State* state_;
};

}  // namespace fewbits::vectors
