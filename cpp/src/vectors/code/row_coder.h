// The steps for rows and queries: centring, normalising for cosine, rotating, and then coding, or
// preparing for the scan.

#pragma once

#include "base/buffer.h"
#include "vectors/code/coding.h"
#include "vectors/code/encode.h"
#include "vectors/find/query.h"
#include "vectors/rows.h"

namespace fewbits::vectors {

class RowCoder {
 public:
  explicit RowCoder(const Coding& coding) : coding_(coding) {}

  /// Allocates the memory for coding a vector, so that adding to reserved rows cannot fail. False
  /// when memory is short.
  bool init();
  std::size_t bytes() const;

  /// A vector minus the mean, times a power of two if its square would not fit a float.
  struct Centred {
    const float* x;       ///< the argument or memory of the coder, valid until the next call
    double own;           ///< its norm
    double norm;          ///< without the power of two
    double mean_product;  ///< <mean, it>, without the power of two
    double square;        ///< of the vector with the mean (the normalised one for cosine)
  };
  /// Centres a vector; non_finite and too_large as in Index::add().
  Result centre(const float* x, Centred* vector);

  /// Encodes a vector: codes are written to `codes`, everything else to the row's place. Returns
  /// the share of the vector's square that the scanned codes leave out; NaN for a vector without a
  /// norm.
  double encode(const Centred& vector, const Block& block, const FinerBlock& finer,
                const Place<std::uint8_t>& to, std::uint8_t* codes);

  /// Prepares query number q in `ready`, and for candidates in `y`, dims values. too_large for a
  /// norm that is too large.
  Result prepare(const float* query, std::size_t q, Queries* ready, float* y);

  /// Decodes the vector of a row.
  void decode(const Rows& rows, std::size_t row, float* x);

 private:
  void centre_query(const float* query, float* x, float* weight, double* offset);
  Centred to_range(const float* x, float square);
  void encode_segment(const CodedSegment& segment, double norm, Encoded* encoded);
  void encode_finer(const Centred& vector, double norm, const FinerBlock& finer,
                    const Place<std::uint8_t>& to);
  void decode_segments(const Rows& rows, std::size_t row, float* y);
  void decode_whole(const Rows& rows, std::size_t row, float* y);

  const Coding& coding_;
  Buffer<float> centred_;
  Buffer<float> rotated_;
  Buffer<std::int16_t> fixed_;
  Buffer<std::uint8_t> codes_;
  Buffer<std::int8_t> levels_;  // of a vector being decoded
};

}  // namespace fewbits::vectors
