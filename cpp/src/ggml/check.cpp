// Checks whether blocks represent their values, as far as their scales decide that.

#include <bit>
#include <cmath>
#include <cstddef>
#include <cstdint>

#include "fewbits/ggml.h"
#include "ggml/blocks.h"
#include "ggml/ends.h"
#include "ggml/kernels.h"

namespace fewbits::ggml {
namespace {

constexpr std::size_t kLargestBlock = 256;
/// The least magnitude of a float16 scale with four significant bits below its leading one.
constexpr std::uint32_t kFourBits = 0x10;
/// From this exponent on, MXFP4 holds values so small that their exponent wrapped around below
/// zero.
constexpr std::uint8_t kMxfp4End = 125 + 127 - 23;

/// The offsets of the float16 scales in a block, the scale itself first.
struct Scales {
  std::size_t count = 0;
  std::size_t offsets[2] = {};
};

template <typename Block>
constexpr Scales scales_of() {
  Scales scales;
  if constexpr (requires(Block block) { block.scale.load(); }) {
    scales.offsets[scales.count++] = offsetof(Block, scale);
  }
  if constexpr (requires(Block block) { block.minimum.load(); }) {
    scales.offsets[scales.count++] = offsetof(Block, minimum);
  }
  return scales;
}

constexpr Scales kScales[kTypeCount] = {
#define FEWBITS_GGML_HALF(name, number) {},
#define FEWBITS_GGML_BLOCK(name, number, Block, weighed) scales_of<Block>(),
    FEWBITS_GGML_TYPES(FEWBITS_GGML_HALF, FEWBITS_GGML_BLOCK)
#undef FEWBITS_GGML_HALF
#undef FEWBITS_GGML_BLOCK
};

std::uint32_t half_at(const std::uint8_t* bytes) {
  return static_cast<std::uint32_t>(bytes[0]) | static_cast<std::uint32_t>(bytes[1]) << 8;
}

bool is_finite(std::uint32_t half, HalfRange range = kF16Range) {
  return (half & range.exponent) != range.exponent;
}

/// Whether none of a block's scales is NaN or infinite.
bool sound(const TypeInfo& type, const std::uint8_t* block) {
  if (type.type == Type::mxfp4) return block[offsetof(BlockMXFP4, exponent)] != 0xFF;
  const Scales& scales = kScales[&type - kTypes];
  for (std::size_t i = 0; i < scales.count; ++i) {
    if (!is_finite(half_at(block + scales.offsets[i]))) return false;
  }
  return true;
}

/// The first block from `at` on for which `odd` holds, or `count`.
template <typename Odd>
std::size_t next_block(const TypeInfo& type, const std::uint8_t* bytes, std::size_t at,
                       std::size_t count, Odd odd) {
  const std::size_t stride = type.bytes_per_block;
  const std::uint8_t* block = bytes + at * stride;
  while (at < count && !odd(block)) {
    ++at;
    block += stride;
  }
  return at;
}

/// The first block from `at` on that may not represent its values, or `count`. Its scale is NaN or
/// infinite, or zero, or so small that it has few significant bits; for NVFP4 also the largest,
/// which is smaller than what float32 holds, and for MXFP4 the exponents that wrapped around below
/// the smallest.
std::size_t next_suspect(const TypeInfo& type, const std::uint8_t* bytes, std::size_t at,
                         std::size_t count) {
  if (type.type == Type::mxfp4) {
    return next_block(type, bytes, at, count, [](const std::uint8_t* block) {
      return block[offsetof(BlockMXFP4, exponent)] >= kMxfp4End;
    });
  }
  if (type.type == Type::nvfp4) {
    return next_block(type, bytes, at, count, [](const std::uint8_t* block) {
      bool odd = false;
      for (std::size_t i = 0; i < 4; ++i) {
        const std::uint8_t scale = block[offsetof(BlockNVFP4, scales) + i];
        odd = odd || scale < 2 || scale >= 0x7E;
      }
      return odd;
    });
  }
  const auto odd = [](std::uint32_t half) {  // both ends at once: small values wrap around
    return (half & 0x7FFFu) - kFourBits >= kF16Range.exponent - kFourBits;
  };
  const auto [scales, offsets] = kScales[&type - kTypes];
  const std::size_t first = offsets[0];
  const std::size_t last = offsets[1];
  if (scales == 1) {
    return next_block(type, bytes, at, count,
                      [=](const std::uint8_t* block) { return odd(half_at(block + first)); });
  }
  return next_block(type, bytes, at, count, [=](const std::uint8_t* block) {
    return odd(half_at(block + first)) || !is_finite(half_at(block + last));
  });
}

std::size_t largest(const float* x, std::size_t n) {
  std::size_t at = 0;
  for (std::size_t i = 1; i < n; ++i) {
    if (std::fabs(x[i]) > std::fabs(x[at])) at = i;
  }
  return at;
}

double squared_difference(const float* x, const float* y, std::size_t n) {
  double sum = 0;
  for (std::size_t i = 0; i < n; ++i) {
    const double difference = static_cast<double>(x[i]) - y[i];
    sum += difference * difference;
  }
  return sum;
}

bool all_zero(const float* x, std::size_t n) {
  std::uint32_t bits = 0;
  for (std::size_t i = 0; i < n; ++i) bits |= std::bit_cast<std::uint32_t>(x[i]) << 1;
  return bits == 0;
}

Result check_blocks(const TypeInfo& type, const float* x, const std::uint8_t* bytes,
                    std::size_t length, double* lost) {
  const std::size_t size = type.block_size;
  const std::size_t count = length / size;
  for (std::size_t at = 0; (at = next_suspect(type, bytes, at, count)) < count; ++at) {
    const float* const own = x + at * size;
    const std::uint8_t* const block = bytes + at * type.bytes_per_block;
    if (!sound(type, block)) return failure(Status::unsupported, at * size + largest(own, size));
    if (all_zero(own, size)) continue;
    float decoded[kLargestBlock];
    const Result read = dequantize(type.type, block, size, decoded);
    if (!read.ok()) return read;
    *lost += squared_difference(own, decoded, size);
  }
  return success();
}

/// Checks a group of a type that holds NaN and infinities: those in the input are accepted.
Result check_ends(HalfRange range, const EndGroup& ends, const float* x,
                  const std::uint16_t* halves, double* lost) {
  for (std::uint32_t lanes = ends.lanes; lanes != 0; lanes &= lanes - 1) {
    const std::size_t i = ends.start + static_cast<std::size_t>(std::countr_zero(lanes));
    if (!is_finite(halves[i], range)) {
      if (std::isfinite(x[i])) return failure(Status::unsupported, i);
      continue;
    }
    const float decoded = floats::f32_from_f16(halves[i]);
    *lost += squared_difference(x + i, &decoded, 1);
  }
  return success();
}

/// Checks the groups that `next` finds, given where to start.
template <typename Next>
Result check_groups(HalfRange range, const float* x, const std::uint16_t* halves,
                    std::size_t length, double* lost, const Next& next) {
  Result result;
  for (std::size_t start = 0; start < length && result.ok();) {
    const EndGroup ends = next(start);
    result = check_ends(range, ends, x, halves, lost);
    start = ends.start + kEndGroup;
  }
  return result;
}

Result check_halves(HalfRange range, const float* x, const std::uint8_t* bytes, std::size_t length,
                    double* lost) {
  const auto* halves = reinterpret_cast<const std::uint16_t*>(bytes);
  return check_groups(range, x, halves, length, lost, [&](std::size_t start) {
    return kernels::next_ends(range, x, halves, start, length);
  });
}

Result encode_halves(HalfRange range, const float* x, std::uint8_t* bytes, std::size_t length,
                     double* lost) {
  auto* halves = reinterpret_cast<std::uint16_t*>(bytes);
  return check_groups(range, x, halves, length, lost, [&](std::size_t start) {
    return kernels::encode_to_ends(range, x, halves, start, length);
  });
}

}  // namespace

Result quantize_checked(Type type, const float* x, std::size_t rows, std::size_t row_length,
                        const float* importance, std::uint8_t* out, double* lost) {
  const std::size_t length = rows * row_length;
  if (type == Type::f16) return encode_halves(kF16Range, x, out, length, lost);
  if (type == Type::bf16) return encode_halves(kBf16Range, x, out, length, lost);
  const Result written = quantize(type, x, rows, row_length, importance, out);
  return written.ok() ? check(type, x, out, length, lost) : written;
}

Result check(Type type, const float* x, const std::uint8_t* bytes, std::size_t length,
             double* lost) {
  const TypeInfo* shape = info(type);
  if (shape == nullptr) return failure(Status::unsupported);
  if (length % shape->block_size != 0) return failure(Status::invalid_argument, length);
  if (type == Type::f16) return check_halves(kF16Range, x, bytes, length, lost);
  if (type == Type::bf16) return check_halves(kBf16Range, x, bytes, length, lost);
  return check_blocks(*shape, x, bytes, length, lost);
}

Result validate(Type type, const std::uint8_t* bytes, std::size_t length) {
  const TypeInfo* shape = info(type);
  if (shape == nullptr) return failure(Status::unsupported);
  if (length % shape->block_size != 0) return failure(Status::invalid_argument, length);
  const bool in_blocks = shape->block_size > 1;
  const HalfRange range = type == Type::f16 ? kF16Range : kBf16Range;
  for (std::size_t start = 0; start < length; start += shape->block_size) {
    const bool good = in_blocks ? sound(*shape, bytes) : is_finite(half_at(bytes), range);
    if (!good) return failure(Status::corrupt_data, start);
    bytes += shape->bytes_per_block;
  }
  return success();
}

}  // namespace fewbits::ggml
