// Whether blocks hold what they were made of, as far as their scales decide that.

#include <bit>
#include <cmath>
#include <cstddef>
#include <cstdint>

#include "base/finite.h"
#include "fewbits/floats.h"
#include "fewbits/ggml.h"
#include "ggml/blocks.h"

namespace fewbits::ggml {
namespace {

constexpr std::size_t kLargestBlock = 256;
constexpr std::uint32_t kF16Exponent = 0x7C00u;
constexpr std::uint32_t kBf16Exponent = 0x7F80u;

/// Where the float16 scales of a block are, the scale itself first.
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

constexpr Scales kScales[type_count] = {
#define FEWBITS_GGML_HALF(name, number) {},
#define FEWBITS_GGML_BLOCK(name, number, Block, weighed) scales_of<Block>(),
    FEWBITS_GGML_TYPES(FEWBITS_GGML_HALF, FEWBITS_GGML_BLOCK)
#undef FEWBITS_GGML_HALF
#undef FEWBITS_GGML_BLOCK
};

std::uint32_t half_at(const std::uint8_t* bytes) {
  return static_cast<std::uint32_t>(bytes[0]) | static_cast<std::uint32_t>(bytes[1]) << 8;
}

/// Whether none of a block's scales is NaN or infinite.
bool sound(const TypeInfo& type, const std::uint8_t* block) {
  if (type.type == Type::mxfp4) return block[offsetof(BlockMXFP4, exponent)] != 0xFF;
  const Scales& scales = kScales[&type - types];
  for (std::size_t i = 0; i < scales.count; ++i) {
    if ((half_at(block + scales.offsets[i]) & kF16Exponent) == kF16Exponent) return false;
  }
  return true;
}

/// Whether a scale is zero, or so small that less than four bits of it are left; for NVFP4 also the
/// largest, which does not hold all that float32 does, and for MXFP4 what its exponents below the
/// smallest become.
bool at_the_end(const TypeInfo& type, const std::uint8_t* block) {
  if (type.type == Type::mxfp4) return block[offsetof(BlockMXFP4, exponent)] >= 125 + 127 - 23;
  if (type.type == Type::nvfp4) {
    for (std::size_t i = 0; i < 4; ++i) {
      const std::uint8_t scale = block[offsetof(BlockNVFP4, scales) + i];
      if (scale < 2 || scale >= 0x7E) return true;
    }
    return false;
  }
  const Scales& scales = kScales[&type - types];
  return scales.count > 0 && (half_at(block + scales.offsets[0]) & 0x7FFFu) < 0x10;
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

Result check_blocks(const TypeInfo& type, const float* x, const std::uint8_t* bytes,
                    std::size_t length, double* lost) {
  const std::size_t size = type.block_size;
  for (std::size_t start = 0; start < length; start += size, bytes += type.bytes_per_block) {
    const float* const own = x + start;
    if (!sound(type, bytes)) return failure(Status::unsupported, start + largest(own, size));
    if (!at_the_end(type, bytes)) continue;
    float decoded[kLargestBlock];
    const Result read = dequantize(type.type, bytes, size, decoded);
    if (!read.ok()) return read;
    *lost += squared_difference(own, decoded, size);
  }
  return success();
}

/// The halves of a type that holds NaN and infinities: those that were given stay.
Result check_halves(const float* x, const std::uint8_t* bytes, std::size_t length,
                    std::uint32_t exponent, double* lost) {
  const auto* halves = reinterpret_cast<const std::uint16_t*>(bytes);
  constexpr std::size_t run = 1024;
  for (std::size_t start = 0; start < length; start += run) {
    const std::size_t end = length - start < run ? length : start + run;
    unsigned odd = 0;  // without a branch in the loop, so that it vectorises
    for (std::size_t i = start; i < end; ++i) {
      const std::uint32_t field = halves[i] & exponent;
      odd |= field == exponent || (field == 0 && x[i] != 0) ? 1u : 0u;
    }
    if (odd == 0) continue;
    for (std::size_t i = start; i < end; ++i) {
      const std::uint32_t field = halves[i] & exponent;
      if (field == exponent && first_non_finite(x + i, 1) == 1) {
        return failure(Status::unsupported, i);
      }
      // What BF16 loses there float32 has hardly any more.
      if (field != 0 || exponent != kF16Exponent) continue;
      float decoded = 0;
      floats::decode_f16(halves + i, 1, &decoded);
      *lost += squared_difference(x + i, &decoded, 1);
    }
  }
  return success();
}

}  // namespace

Result check(Type type, const float* x, const std::uint8_t* bytes, std::size_t length,
             double* lost) {
  const TypeInfo* shape = info(type);
  if (shape == nullptr) return failure(Status::unsupported);
  if (length % shape->block_size != 0) return failure(Status::invalid_argument, length);
  if (type == Type::f16) return check_halves(x, bytes, length, kF16Exponent, lost);
  if (type == Type::bf16) return check_halves(x, bytes, length, kBf16Exponent, lost);
  return check_blocks(*shape, x, bytes, length, lost);
}

Result validate(Type type, const std::uint8_t* bytes, std::size_t length) {
  const TypeInfo* shape = info(type);
  if (shape == nullptr) return failure(Status::unsupported);
  if (length % shape->block_size != 0) return failure(Status::invalid_argument, length);
  const bool f16 = type == Type::f16;
  const std::uint32_t exponent = f16 ? kF16Exponent : kBf16Exponent;
  for (std::size_t start = 0; start < length; start += shape->block_size) {
    const bool good =
        f16 || type == Type::bf16 ? (half_at(bytes) & exponent) != exponent : sound(*shape, bytes);
    if (!good) return failure(Status::corrupt_data, start);
    bytes += shape->bytes_per_block;
  }
  return success();
}

}  // namespace fewbits::ggml
