// What rows and queries go through: centred, normalised for cosine, rotated, and then coded, or
// made ready for the scan.

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

  /// What coding a vector needs, so that adding into reserved room cannot fail. False when memory
  /// is short.
  bool init();
  std::size_t bytes() const;

  /// A vector less the mean, times a power of two where its square would not fit a float.
  struct Centred {
    const float* x;       ///< as given or in the coder, until the next call
    double own;           ///< its norm
    double norm;          ///< without the power of two
    double mean_product;  ///< <mean, it>, without the power of two
    double square;        ///< of the vector with the mean (the normalised one for cosine)
  };
  /// non_finite and invalid_argument (a norm that is too large) as Index::add() gives them.
  Result centre(const float* x, Centred* vector);

  /// Codes go to `codes`, all else into the row's place. Returns the part of the vector's square
  /// that the codes which are scanned leave; NaN for a vector that has none.
  double encode(const Centred& vector, const Block& block, const FinerBlock& finer,
                const Place<std::uint8_t>& to, std::uint8_t* codes);

  /// Query number q in `ready`, and for candidates in `y`, dims values. invalid_argument for a norm
  /// that is too large.
  Result prepare(const float* query, std::size_t q, Queries* ready, float* y);

  /// The vector that a row stands for.
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
  Buffer<std::int8_t> levels_;  // of a vector that is decoded
};

}  // namespace fewbits::vectors
