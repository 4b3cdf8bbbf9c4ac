// Uniform quantization of blocks and columns: from ranges to scales, and from values to codes.

#include "fewbits/uniform.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "base/finite.h"
#include "fewbits/bits.h"
#include "floats/half.h"
#include "uniform/kernels.h"

namespace fewbits::uniform {
namespace {

constexpr float kLargestF16 = 65504.0f;
constexpr float kSmallestF16 = 0x1p-24f;
constexpr float kSmallestF32 = 0x1p-149f;

/// Codes stay in the first-level cache between the quantizing and the packing kernel. A multiple of
/// 8, so that tiles begin on a byte at every width.
constexpr std::size_t kTile = 2048;

Codes codes_of(const Format& format) {
  Codes codes;
  codes.max = (1 << format.bits) - 1;
  codes.offset = format.scheme == Scheme::symmetric ? 1 << (format.bits - 1) : 0;
  codes.affine = format.scheme == Scheme::affine;
  codes.rounding = format.rounding;
  return codes;
}

/// span / steps, rounded up where the quotient is subnormal and would lose digits.
float step(float span, float steps) {
  const float scale = span / steps;
  if (scale >= std::numeric_limits<float>::min()) return scale;
  const float units = std::ceil(span / kSmallestF32 / steps);
  return std::max(units, 1.0f) * kSmallestF32;
}

/// (max - min) / steps, even if the difference overflows.
float step(Range range, float steps) {
  const float span = range.max - range.min;
  return std::isfinite(span) ? step(span, steps) : range.max / steps - range.min / steps;
}

float as_f16(float value) {
  return floats::f32_from_f16(floats::f16_from_f32(value));
}

/// Calls f(offset, count, length, index) for runs of whole blocks, `count` of `length` values from
/// block `index` on, and for partial blocks at both ends (count 1).
template <typename F>
void each_run(std::size_t n, std::size_t phase, std::size_t block, F f) {
  std::size_t offset = 0;
  std::size_t index = 0;
  if (phase > 0 && n > 0) {
    const std::size_t length = std::min(n, block - phase);
    f(offset, std::size_t{1}, length, index++);
    offset += length;
  }
  const std::size_t whole = (n - offset) / block;
  if (whole > 0) f(offset, whole, block, index);
  offset += whole * block;
  if (offset < n) f(offset, std::size_t{1}, n - offset, index + whole);
}

/// Calls f(offset, length, column) for the parts of rows in `n` values that begin at `phase`.
template <typename F>
void each_row(std::size_t n, std::size_t phase, std::size_t cols, F f) {
  for (std::size_t offset = 0; offset < n;) {
    const std::size_t length = std::min(n - offset, cols - phase);
    f(offset, length, phase);
    offset += length;
    phase = 0;
  }
}

/// Runs `encode_tile(offset, length, bytes)` over tiles of [0, n) and packs the `bytes`; 8-bit
/// codes are written directly.
template <typename F>
void encode_tiles(std::size_t n, int bits, std::uint8_t* codes, F encode_tile) {
  if (bits == 8) {
    encode_tile(std::size_t{0}, n, codes);
    return;
  }
  std::uint8_t bytes[kTile];
  for (std::size_t offset = 0; offset < n; offset += kTile) {
    const std::size_t length = std::min(n - offset, kTile);
    encode_tile(offset, length, bytes);
    bits::pack(bytes, length, bits, codes + offset / 8 * static_cast<std::size_t>(bits));
  }
}

template <typename F>
void decode_tiles(const std::uint8_t* codes, std::size_t n, int bits, F decode_tile) {
  if (bits == 8) {
    decode_tile(std::size_t{0}, n, codes);
    return;
  }
  std::uint8_t bytes[kTile];
  for (std::size_t offset = 0; offset < n; offset += kTile) {
    const std::size_t length = std::min(n - offset, kTile);
    bits::unpack(codes + offset / 8 * static_cast<std::size_t>(bits), length, bits, bytes);
    decode_tile(offset, length, bytes);
  }
}

}  // namespace

Result widen(const float* x, std::size_t n, Range* out) {
  if (kernels::widen_run(x, n, out)) return success();
  return failure(Status::non_finite, first_non_finite(x, n));
}

Result choose(Range range, const Format& format, Block* out) {
  // Adding zero makes a zero positive: the sign of a zero minimum depends on the order of the
  // comparisons.
  const float min = range.min + 0.0f;
  const float largest = std::max(std::fabs(range.min), std::fabs(range.max));
  const float steps = static_cast<float>((1 << format.bits) - 1);
  const float signed_steps = static_cast<float>((1 << (format.bits - 1)) - 1);
  const bool constant = range.min == range.max;

  Block block;
  switch (format.scheme) {
    case Scheme::symmetric:
      block.scale = largest > 0 ? step(largest, signed_steps) : 1.0f;
      break;
    case Scheme::asymmetric:
      if (constant) {
        block.scale = largest > 0 ? largest : 1.0f;
      } else {
        block.scale = std::max(step(range, steps), largest * 0x1p-24f);
      }
      break;
    case Scheme::affine:
      block.minimum = min;
      block.scale = constant ? 1.0f : step(range, steps);
      break;
  }
  if (format.scale_type == ScaleType::f16) {
    if (block.scale > kLargestF16 || std::fabs(block.minimum) > kLargestF16) {
      return failure(Status::unsupported);
    }
    block.minimum = as_f16(block.minimum);
    block.scale = std::max(as_f16(block.scale), kSmallestF16);
  }
  if (format.scheme == Scheme::asymmetric) {
    block.zero_point = constant ? (min < 0 ? 1 : 0)
                                : static_cast<std::int32_t>(std::nearbyint(-min / block.scale));
  }
  *out = block;
  return success();
}

Result block_ranges(const float* x, std::size_t n, std::size_t phase, std::size_t block,
                    const Ranges& ranges) {
  bool finite = true;
  each_run(n, phase, block,
           [&](std::size_t offset, std::size_t count, std::size_t length, std::size_t index) {
             const Ranges own = from(ranges, index);
             if (index == 0 && phase > 0) {
               Range range = {own.min[0], own.max[0]};
               finite = kernels::widen_run(x + offset, length, &range) && finite;
               own.min[0] = range.min;
               own.max[0] = range.max;
             } else {
               finite = kernels::range_blocks(x + offset, count, length, own) && finite;
             }
           });
  return finite ? success() : failure(Status::non_finite, first_non_finite(x, n));
}

Result choose_blocks(const Ranges& ranges, std::size_t count, const Format& format,
                     const Blocks& blocks) {
  const std::size_t chosen = kernels::choose_each(ranges, count, format, blocks);
  return chosen == count ? success() : failure(Status::unsupported, chosen);
}

void encode(const float* x, std::size_t n, std::size_t phase, std::size_t block,
            const Blocks& blocks, const Format& format, std::uint8_t* codes) {
  const Codes shared = codes_of(format);
  encode_tiles(
      n, format.bits, codes, [&](std::size_t start, std::size_t tile, std::uint8_t* bytes) {
        const std::size_t position = phase + start;
        const Blocks own = from(blocks, position / block);
        each_run(tile, position % block, block,
                 [&](std::size_t offset, std::size_t count, std::size_t length, std::size_t index) {
                   kernels::encode_blocks(x + start + offset, count, length, from(own, index),
                                          shared, bytes + offset);
                 });
      });
}

Result quantize_blocks(const float* x, std::size_t n, std::size_t block, const Format& format,
                       const Blocks& blocks, std::uint8_t* codes) {
  // Scales first, so that no code is written when a value or a scale is refused.
  constexpr std::size_t kBlocks = 256;
  float min[kBlocks];
  float max[kBlocks];
  const std::size_t total = (n + block - 1) / block;
  for (std::size_t first = 0; first < total; first += kBlocks) {
    const std::size_t count = std::min(total - first, kBlocks);
    const std::size_t offset = first * block;
    const std::size_t length = std::min(n - offset, count * block);
    const Ranges ranges = {min, max};
    Result result = block_ranges(x + offset, length, 0, block, ranges);
    result.index += offset;
    if (!result.ok()) return result;
    result = choose_blocks(ranges, count, format, from(blocks, first));
    if (!result.ok()) return failure(result.status, offset + result.index * block);
  }
  encode(x, n, 0, block, blocks, format, codes);
  return success();
}

void decode(const std::uint8_t* codes, std::size_t n, std::size_t phase, std::size_t block,
            const Blocks& blocks, const Format& format, float* out) {
  const Codes shared = codes_of(format);
  decode_tiles(
      codes, n, format.bits, [&](std::size_t start, std::size_t tile, const std::uint8_t* bytes) {
        const std::size_t position = phase + start;
        const Blocks own = from(blocks, position / block);
        each_run(tile, position % block, block,
                 [&](std::size_t offset, std::size_t count, std::size_t length, std::size_t index) {
                   kernels::decode_blocks(bytes + offset, count, length, from(own, index), shared,
                                          out + start + offset);
                 });
      });
}

Result column_ranges(const float* x, std::size_t n, std::size_t phase, std::size_t cols,
                     const Ranges& ranges) {
  bool finite = true;
  each_row(n, phase, cols, [&](std::size_t offset, std::size_t length, std::size_t column) {
    finite = kernels::widen_each(x + offset, length, from(ranges, column)) && finite;
  });
  return finite ? success() : failure(Status::non_finite, first_non_finite(x, n));
}

void encode_columns(const float* x, std::size_t n, std::size_t phase, std::size_t cols,
                    const Blocks& blocks, const Format& format, std::uint8_t* codes) {
  const Codes shared = codes_of(format);
  encode_tiles(n, format.bits, codes,
               [&](std::size_t start, std::size_t tile, std::uint8_t* bytes) {
                 each_row(tile, (phase + start) % cols, cols,
                          [&](std::size_t offset, std::size_t length, std::size_t column) {
                            kernels::encode_each(x + start + offset, length, from(blocks, column),
                                                 shared, bytes + offset);
                          });
               });
}

void decode_columns(const std::uint8_t* codes, std::size_t n, std::size_t phase, std::size_t cols,
                    const Blocks& blocks, const Format& format, float* out) {
  const Codes shared = codes_of(format);
  decode_tiles(codes, n, format.bits,
               [&](std::size_t start, std::size_t tile, const std::uint8_t* bytes) {
                 each_row(tile, (phase + start) % cols, cols,
                          [&](std::size_t offset, std::size_t length, std::size_t column) {
                            kernels::decode_each(bytes + offset, length, from(blocks, column),
                                                 shared, out + start + offset);
                          });
               });
}

}  // namespace fewbits::uniform
