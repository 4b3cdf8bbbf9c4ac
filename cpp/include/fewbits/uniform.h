// Uniform quantization at 2 to 8 bits: symmetric, asymmetric and affine, by blocks and by columns.

#pragma once

#include <cstddef>
#include <cstdint>

#include "fewbits/result.h"

/// Uniform quantization: equally spaced levels, 2 to 8 bits per value.
///
/// All schemes use one formula
///
///   code = clamp(round((x - minimum) / scale) + zero_point)
///   x'   = (code - zero_point) * scale + minimum
///
/// in which the parts that a scheme does not have are zero:
///
///   symmetric    codes -2^(b-1) .. 2^(b-1)-1, signed
///                scale = max|x| / (2^(b-1) - 1)
///   asymmetric   codes 0 .. 2^b-1
///                scale = (max - min) / (2^b - 1)
///                zero_point = round(-min / scale)
///   affine       codes 0 .. 2^b-1
///                scale = (max - min) / (2^b - 1)
///                minimum = min
///
/// (Jacob et al., Quantization and Training of Neural Networks for Efficient
/// Integer-Arithmetic-Only Inference, 2018, for the first two; affine is the form of ggml's Q4_1.)
/// The quotient is the float32 one, correctly rounded. Arithmetic is float32 throughout and the
/// same on every machine.
///
/// At the edges:
/// - NaN and infinities are refused with Status::non_finite and their index; no code is written.
/// - Constant input is reproduced exactly by asymmetric and affine; with symmetric the scale is a
///   rounded quotient. All zeros: scale 1, codes of zero. A constant c with asymmetric: scale |c|,
///   codes one step from the zero point.
/// - A range so narrow relative to its distance from zero that the zero point would exceed 2^24
///   gets the scale max|x| * 2^-24: float32 itself distinguishes no more values there.
/// - A range that overflows float32 (above 3.4e38) is quantized by halves and decoded in double
///   precision; nothing overflows.
/// - A scale that is subnormal is rounded up, so that no code saturates; one stored as float16 is
///   at least 2^-24.
namespace fewbits::uniform {

enum class Scheme : int { symmetric = 0, asymmetric = 1, affine = 2 };
enum class Rounding : int { nearest = 0, truncate = 1, floor = 2 };  ///< nearest: ties to even
enum class ScaleType : int { f32 = 0, f16 = 1 };

struct Format {
  int bits = 8;  ///< 2 to 8
  Scheme scheme = Scheme::symmetric;
  Rounding rounding = Rounding::nearest;
  ScaleType scale_type = ScaleType::f32;  ///< f16: scale and minimum are rounded to float16
};

struct Range {
  float min = 0;
  float max = 0;
};

/// The parameters that decode a block: minimum is 0 unless affine, zero_point 0 unless asymmetric.
struct Block {
  float scale = 1;
  float minimum = 0;
  std::int32_t zero_point = 0;
};

/// Ranges and parameters of consecutive blocks, in one array each.
struct Ranges {
  float* min;
  float* max;
};
struct Blocks {
  float* scales;
  float* minima;
  std::int32_t* zero_points;
};

/// Widens *out by `n` values (start with { inf, -inf }); the index of a failure is that of the
/// first value that is NaN or infinite.
Result widen(const float* x, std::size_t n, Range* out);

/// Chooses scale, minimum and zero point for values in `range`. Status::unsupported when a scale or
/// minimum stored as float16 would exceed 65504.
Result choose(Range range, const Format& format, Block* out);

/// Computes the ranges of consecutive blocks of `block` values. The piece holds `n` values, and its
/// first block began `phase` values (< block) before it. The range of a block that begins here is
/// set; that of one that began before is widened.
Result block_ranges(const float* x, std::size_t n, std::size_t phase, std::size_t block,
                    const Ranges& ranges);

/// Calls choose() for `count` blocks; the index of a failure is that of the block.
Result choose_blocks(const Ranges& ranges, std::size_t count, const Format& format,
                     const Blocks& blocks);

/// Encodes `n` finite values, packed from bit 0 of `codes` (bits::packed_bytes(n, bits) bytes),
/// value i with block (phase + i) / block.
void encode(const float* x, std::size_t n, std::size_t phase, std::size_t block,
            const Blocks& blocks, const Format& format, std::uint8_t* codes);

/// Runs block_ranges, choose and encode in one call for `n` values that begin with a block: writes
/// ceil(n / block) blocks. The index of a failure is that of the value, or for Status::unsupported
/// of the first value of its block. No code is written then; entries of `blocks` may be.
Result quantize_blocks(const float* x, std::size_t n, std::size_t block, const Format& format,
                       const Blocks& blocks, std::uint8_t* codes);

/// Decodes `n` values from packed codes; the inverse of encode.
void decode(const std::uint8_t* codes, std::size_t n, std::size_t phase, std::size_t block,
            const Blocks& blocks, const Format& format, float* out);

/// The same for blocks that are columns of a row-major array of `cols` columns, for `n` values that
/// begin `phase` values into a row (phase < cols). Ranges are widened (start with { inf, -inf }).
Result column_ranges(const float* x, std::size_t n, std::size_t phase, std::size_t cols,
                     const Ranges& ranges);
void encode_columns(const float* x, std::size_t n, std::size_t phase, std::size_t cols,
                    const Blocks& blocks, const Format& format, std::uint8_t* codes);
void decode_columns(const std::uint8_t* codes, std::size_t n, std::size_t phase, std::size_t cols,
                    const Blocks& blocks, const Format& format, float* out);

}  // namespace fewbits::uniform
