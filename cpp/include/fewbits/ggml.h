// The block types of ggml, byte for byte as in GGUF files.

#pragma once

// The block formats of ggml, byte for byte as GGUF files store them. Behaviour follows ggml's
// reference quantizers (ggml-quants.c, `quantize_<type>` with and without an importance matrix),
// compiled without floating-point contraction.

#include <cstddef>
#include <cstdint>

#include "fewbits/result.h"

namespace fewbits::ggml {

/// The supported types, in the order of their numbers, with a row for each: ggml's name in lower
/// case except for the K, the number in GGUF files, and for types with blocks the struct of
/// src/ggml/blocks.h and whether importance weights change the result.
#define FEWBITS_GGML_TYPES(HALF, BLOCK) \
  HALF(f16, 1)                          \
  BLOCK(q4_0, 2, BlockQ4_0, true)       \
  BLOCK(q4_1, 3, BlockQ4_1, true)       \
  BLOCK(q5_0, 6, BlockQ5_0, true)       \
  BLOCK(q5_1, 7, BlockQ5_1, true)       \
  BLOCK(q8_0, 8, BlockQ8_0, false)      \
  BLOCK(q2_K, 10, BlockQ2_K, true)      \
  BLOCK(q3_K, 11, BlockQ3_K, true)      \
  BLOCK(q4_K, 12, BlockQ4_K, true)      \
  BLOCK(q5_K, 13, BlockQ5_K, true)      \
  BLOCK(q6_K, 14, BlockQ6_K, true)      \
  BLOCK(iq4_nl, 20, BlockIQ4_NL, true)  \
  BLOCK(iq4_xs, 23, BlockIQ4_XS, true)  \
  HALF(bf16, 30)                        \
  BLOCK(tq1_0, 34, BlockTQ1_0, false)   \
  BLOCK(tq2_0, 35, BlockTQ2_0, false)   \
  BLOCK(mxfp4, 39, BlockMXFP4, false)   \
  BLOCK(nvfp4, 40, BlockNVFP4, false)   \
  BLOCK(q1_0, 41, BlockQ1_0, false)     \
  BLOCK(q2_0, 42, BlockQ2_0, false)

/// A type's number in GGUF files.
enum class Type : int {
#define FEWBITS_GGML_NUMBER(name, number, ...) name = number,
  FEWBITS_GGML_TYPES(FEWBITS_GGML_NUMBER, FEWBITS_GGML_NUMBER)
#undef FEWBITS_GGML_NUMBER
};

/// The shape of a type. `name` is ggml's own, in lower case except for the K.
struct TypeInfo {
  Type type;
  const char* name;
  std::size_t block_size;       ///< values in a block
  std::size_t bytes_per_block;  ///< bytes of a block
  bool takes_importance;        ///< whether importance weights change the result
};

#define FEWBITS_GGML_ONE(...) +1
inline constexpr std::size_t kTypeCount = 0 FEWBITS_GGML_TYPES(FEWBITS_GGML_ONE, FEWBITS_GGML_ONE);
#undef FEWBITS_GGML_ONE

/// All types, in the order of their numbers.
extern const TypeInfo kTypes[kTypeCount];

/// The shape of `type`, or nullptr for a number that is not one of Type.
const TypeInfo* info(Type type);

/// Quantizes `rows` rows of `row_length` values each into rows * row_length / block_size blocks.
///
/// `out` must have an even address for F16 and BF16, and any address for the others; the same holds
/// for the bytes that dequantize reads. `row_length` is a multiple of the type's block size.
/// `importance` is nullptr or holds `row_length` finite weights >= 0, one per column, the same for
/// every row (an importance matrix); types that use none ignore it. Rows matter: Q4_0, Q4_1, Q5_0
/// and Q5_1 with importance weigh each value against the mean square of its whole row.
///
/// Edges: NaN and infinities are refused with their index before anything is written
/// (Status::non_finite), except by F16 and BF16, which hold them. Scales too large for float16
/// become infinite, as in ggml; where its arithmetic then meets infinity minus infinity, this
/// library stores the float16 NaN FE00. Where ggml's conversions of out-of-range floats to integers
/// are undefined in C (blocks whose largest magnitude is subnormal), the result is the one of
/// x86-64. A weight that is not finite or is negative gives Status::invalid_argument with its
/// index, a wrong row length or type Status::invalid_argument or Status::unsupported. No rows, or
/// rows without values, write nothing.
Result quantize(Type type, const float* x, std::size_t rows, std::size_t row_length,
                const float* importance, std::uint8_t* out);

/// quantize(), then check() of what it wrote, in one pass for F16 and BF16. A failure that is not
/// of quantize() is that of check(), with the same index; `out` is written in part then.
Result quantize_checked(Type type, const float* x, std::size_t rows, std::size_t row_length,
                        const float* importance, std::uint8_t* out, double* lost);

/// Dequantizes `length` values, a multiple of the type's block size, from length / block_size *
/// bytes_per_block bytes. Every byte string is valid input: scales that are infinite or NaN give
/// infinities and NaN.
Result dequantize(Type type, const std::uint8_t* bytes, std::size_t length, float* out);

/// Checks that `bytes`, which quantize() wrote for `length` values, represent them. A scale that
/// overflowed (F16 and BF16: a finite value that became infinite) is Status::unsupported with the
/// index of the largest value in its block. Adds to `lost` the squared errors of blocks (F16: of
/// values) whose scale is zero, or so small that it has only a few significant bits, or the largest
/// of NVFP4.
Result check(Type type, const float* x, const std::uint8_t* bytes, std::size_t length,
             double* lost);

/// Checks that `bytes` are blocks that ggml loads: Status::corrupt_data with the index of the first
/// value of the first block with a scale that is NaN or infinite (F16 and BF16: of the first such
/// value).
Result validate(Type type, const std::uint8_t* bytes, std::size_t length);

}  // namespace fewbits::ggml
