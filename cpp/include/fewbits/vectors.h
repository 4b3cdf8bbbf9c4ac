// An index of vectors in a few bits a dimension, searched without decoding them.

#pragma once

// Vectors compressed to a few bits a dimension and searched without decompressing.
//
// A vector is (optionally) centred, rotated at random and coded coordinate by coordinate against a
// codebook of N(0,1), which is what the coordinates of a rotated vector look like. The score of a
// query against a code is made unbiased by one factor a vector:
//   <q, x> is estimated by ||x|| <Rq, L> / <L, o>,   L the levels of the code, o = Rx / ||x||
// (Gao and Long, RaBitQ, SIGMOD 2024; Zandieh et al., TurboQuant, 2025).
// A search scans all codes with a query rounded to eight bits, then scores the best `candidates`
// again with the query in float (and the finer code, if there is one), and ranks them by that.
// All arithmetic is integer or in a stated order: the same results on every engine.

#include <cstddef>
#include <cstdint>

#include "fewbits/result.h"

namespace fewbits::vectors {

/// hamming: vectors are bits, given packed and kept as they are, without rotation, mean or factor;
/// what a search finds is exact.
enum class Metric : int { cosine = 0, dot = 1, l2 = 2, hamming = 3 };

inline constexpr std::size_t kMaxDims = 16384;
inline constexpr std::size_t kMaxRows = 0xFFFFFF00u;
/// Queries of one search call.
inline constexpr std::size_t kMaxQueries = 64;
/// The norm of a vector whose scores fit a float, for dot and l2; for l2 less the mean.
inline constexpr double kLargestNorm = 1e18;
/// Segments of a learned transform.
inline constexpr std::size_t kMaxSegments = 512;

struct Options {
  std::size_t dims = 0;  ///< 1..kMaxDims
  int bits = 4;          ///< 1, 2, 4 or 8 a dimension; 1 for hamming, without `refine_bits`
  Metric metric = Metric::cosine;
  bool scale_search = true;  ///< choose each vector's scale for the best cosine; slower to add
  int refine_bits = 0;       ///< 0, 4 or 8: a second code that scores the candidates
  std::uint32_t seed = 0;    ///< of the rotation; indexes with the same seed hold the same codes
  /// Whether a vector has 32 bits that refine its values in the outermost cells of the code, where
  /// it errs most: the score error falls from .094 to .087 / sqrt(dims) at 384 dimensions, from
  /// .096 to .090 at 768. They count in what is computed from a code, as scores of candidates, not
  /// in the scan. Only at 4 bits with `scale_search`, without `refine_bits` and a learned
  /// transform.
  bool tails = true;
  /// Whether an index with a mean for cosine or dot keeps 4 bytes a vector, <mean, x - mean>, by
  /// which the query too can be brought near the mean: less is left to codes, and to their error.
  /// Without, as in files of before, the query is compared with x - mean as it is.
  bool mean_products = true;
};

/// What a search found. Scores rise with similarity: cosine or dot product, the negated squared
/// distance for l2, and minus the number of bits that differ for hamming.
struct Hit {
  float score;     ///< by the query in float, and the finer code if there is one
  float estimate;  ///< by the scan; without what is common to all rows
  std::uint32_t row;
};

/// A piece of a learned transform: `dims` coordinates coded with `bits` bits each.
struct Segment {
  std::uint32_t dims;
  std::uint32_t bits;  ///< 0, 1, 2, 3, 4, 5, 6 or 8
  float scale;         ///< what the float16 factors of the segment are multiplied by
};

/// How well codes fit the vectors: which part of a vector's square they leave on average.
struct Fit {
  double expected = 0;    ///< of vectors like those of the sample of calibrate(); 0 without
  double seen = 0;        ///< of those that were added or put in place of others since
  std::size_t count = 0;  ///< how many those are

  /// Counts one more; an error that is not a number, as of a vector of zeros, is left out.
  void count_in(double error) {
    if (!(error >= 0 && error < 1e9)) return;
    ++count;
    seen += (error - seen) / static_cast<double>(count);
  }
};

/// Sizes of the arrays that hold an index outside of it, a row after the other, little-endian.
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

/// The 2^bits levels that the codes of a width stand for: bits is a width of Segment, but not 0.
void levels(int bits, std::int8_t* out);

/// CRC-32 of ISO-HDLC (zip, PNG), which ends a file: goes on from `crc`, which starts as 0.
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
  std::size_t rows() const;   ///< with the removed ones
  std::size_t size() const;   ///< without
  std::size_t bytes() const;  ///< memory held
  bool is_removed(std::size_t row) const;

  /// Makes room, so that adding up to `rows` rows in all cannot run out of memory.
  Result reserve(std::size_t rows);
  /// Whether `n` vectors can be added: what add() and replace() answer to them. These three and
  /// search() take floats, but for hamming packed bits, of which all can be added: dims of them a
  /// vector, the first in the highest bit of a byte. What its last byte holds beyond them counts
  /// for nothing. The other kind of vector is an invalid_argument.
  Result check(const float* x, std::size_t n);
  /// Appends `n` vectors. non_finite and too_large (a norm above kLargestNorm for dot and l2) name
  /// the first offending value; then nothing is added. A zero vector scores 0 (or as the mean).
  Result add(const float* x, std::size_t n);
  Result add(const std::uint8_t* bits, std::size_t n);
  /// Puts another vector in a row that is not removed.
  Result replace(std::size_t row, const float* x);
  Result replace(std::size_t row, const std::uint8_t* bits);
  /// Marks a row as removed.
  Result remove(std::size_t row);
  /// Forgets the rows from `rows` on: takes back an add.
  void truncate(std::size_t rows);
  /// Drops removed rows; the others keep their order and are renumbered.
  void compact();
  /// A part of compact(): of the `n` rows from `from` on, those that are not removed go to row `to`
  /// and on, in order, and leave removed rows behind. `to` <= `from`, and all rows from `to` up to
  /// `from` are removed. What is removed at the end is for truncate().
  void compact_some(std::size_t from, std::size_t to, std::size_t n);

  /// The `k` best rows for each of `count` (<= kMaxQueries) queries, best first, equal scores in
  /// row order, among the `candidates` >= k best of the scan. `allowed` (or nullptr) has a bit for
  /// each row, 32 to a word. hits[q * k + i] for i < found[q].
  Result search(const float* queries, std::size_t count, std::size_t k, std::size_t candidates,
                const std::uint32_t* allowed, Hit* hits, std::size_t* found);
  Result search(const std::uint8_t* queries, std::size_t count, std::size_t k,
                std::size_t candidates, const std::uint32_t* allowed, Hit* hits,
                std::size_t* found);

  /// The vector that a row's code stands for; for cosine without a mean it has norm 1, for hamming
  /// it is 1 for a bit that is set and -1 for others.
  Result reconstruct(std::size_t row, float* x);

  /// What follows up to settle() is no call for hamming: an invalid_argument.
  ///
  /// Before the first add: subtracts `mean` (dims values, or nullptr for none) from vectors (from
  /// normalised ones for cosine), which spreads crowded embeddings. non_finite, or too_large for a
  /// norm above kLargestNorm.
  Result set_mean(const float* mean);
  /// Before the first add: replaces rotation and even bits by a dims x dims orthonormal matrix (its
  /// columns are the new axes: y = x M) and `segments` that cover its columns in order.
  /// invalid_argument for a matrix that is not orthonormal.
  Result set_transform(const float* matrix, const Segment* segments, std::size_t count);

  /// Before the first add: learns the mean and, with `axes`, the principal axes and how many bits
  /// the coordinates along them deserve, from `n` sample vectors, at no more bytes a vector than
  /// without; a mean alone takes 4 more for cosine and dot. A mean with which more of the sample's
  /// neighbours among each other are missed, or which may be one of chance, as of a single vector,
  /// is left alone. A quarter of the sample, 1024 vectors at most, is held out of learning axes;
  /// those with which not clearly fewer neighbours among them are missed are left alone, or with
  /// which they find less among all of the sample, of the three nearest too, as are all for less
  /// than 96 vectors. non_finite and too_large as add().
  Result calibrate(const float* sample, std::size_t n, bool axes = true);
  /// Before the first add: whether learned axes are good for the `n` vectors that will be first, of
  /// which some look for each other. Where they miss more so than without, as vectors of other
  /// topics than the sample's may, the axes go, and `changed` is true.
  Result settle(const float* x, std::size_t n, bool* changed);
  /// Since the index was made, calibrated or opened; set_fit() goes on from there.
  Fit fit() const;
  void set_fit(const Fit& fit);

  bool has_mean() const;
  bool has_transform() const;
  const float* mean() const;
  const float* matrix() const;               ///< of a learned transform
  std::size_t segments(Segment* out) const;  ///< number; fills `out` when not null
  std::size_t rotation_signs(
      std::int8_t* out) const;  ///< passes; fills passes x dims when not null

  RowSizes row_sizes() const;
  /// Rows first .. first + n, removed or not, in the layout of RowSizes; arrays that are null are
  /// left out.
  void export_rows(std::size_t first, std::size_t n, const Arrays& out) const;
  /// Appends rows as export_rows gave them. corrupt_data when a factor or norm is negative, not
  /// finite, or so large that no vector can have it; a code of 8 bits is -128, which is no level;
  /// or bits for hamming go on beyond the last dimension.
  Result import_rows(const Arrays& in, std::size_t n);

 private:
  struct State;
  explicit Index(State* state) : state_(state) {}
  State* state_;
};

}  // namespace fewbits::vectors
