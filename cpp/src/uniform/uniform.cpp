#include "fewbits/uniform.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "fewbits/bits.h"
#include "floats/half.h"
#include "uniform/kernels.h"

namespace fewbits::uniform {
namespace {

constexpr float kInfinity = std::numeric_limits<float>::infinity();
constexpr float kLargestF16 = 65504.0f;
constexpr float kSmallestF16 = 0x1p-24f;
constexpr float kSmallestF32 = 0x1p-149f;
constexpr float kLargestF32 = std::numeric_limits<float>::max();

/// Codes go through the first-level cache between the quantizing and the packing kernel. A multiple
/// of 8, so that tiles begin on a byte at every width.
constexpr std::size_t kTile = 2048;

Codes codes_of(const Format& format) {
  Codes codes;
  codes.max = (1 << format.bits) - 1;
  codes.offset = format.scheme == Scheme::symmetric ? 1 << (format.bits - 1) : 0;
  codes.rounding = format.rounding;
  return codes;
}

Blocks from(const Blocks& blocks, std::size_t i) {
  return {blocks.scales + i, blocks.minima + i, blocks.zero_points + i};
}

Block entry(const Blocks& blocks, std::size_t i) {
  return {blocks.scales[i], blocks.minima[i], blocks.zero_points[i]};
}

void store(const Block& block, const Blocks& blocks, std::size_t i) {
  blocks.scales[i] = block.scale;
  blocks.minima[i] = block.minimum;
  blocks.zero_points[i] = block.zero_point;
}

/// span / steps, rounded up where float32 has too few digits left for the quotient.
float step(float span, float steps) {
  const float scale = span / steps;
  if (scale >= std::numeric_limits<float>::min()) return scale;
  const float units = std::ceil(span / kSmallestF32 / steps);
  return std::max(units, 1.0f) * kSmallestF32;
}

/// max - min over steps, also where the difference overflows.
float step(Range range, float steps) {
  const float span = range.max - range.min;
  return std::isfinite(span) ? step(span, steps) : range.max / steps - range.min / steps;
}

float as_f16(float value) {
  return floats::f32_from_f16(floats::f16_from_f32(value));
}

/// Calls f(offset, length, index) for each piece of [0, n) that lies in one block.
template <typename F>
void each_piece(std::size_t n, std::size_t phase, std::size_t block, F f) {
  std::size_t offset = 0;
  for (std::size_t index = 0; offset < n; ++index) {
    const std::size_t length = std::min(n - offset, block - phase);
    f(offset, length, index);
    offset += length;
    phase = 0;
  }
}

std::size_t first_non_finite(const float* x, std::size_t n) {
  return static_cast<std::size_t>(
      std::find_if(x, x + n, [](float v) { return !std::isfinite(v); }) - x);
}

/// Runs `encode_tile(offset, length, bytes)` over tiles of [0, n) and packs what it leaves in
/// `bytes`; 8-bit codes go straight to their place.
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

/// Whether a code of this block may pass the largest float32 on its way to a value that does not.
bool overflows(const Block& block, const Codes& codes) {
  const float lowest = static_cast<float>(block.zero_point) + static_cast<float>(codes.offset);
  const float highest = static_cast<float>(codes.max) - lowest;
  const float most = std::max(std::fabs(lowest), std::fabs(highest));
  return !(most * block.scale + std::fabs(block.minimum) <= kLargestF32);
}

/// decode_run for such a block, in double precision, within what float32 holds.
void decode_wide(const std::uint8_t* in, std::size_t n, const Block& block, const Codes& codes,
                 float* out) {
  const double lowest = static_cast<double>(block.zero_point) + codes.offset;
  for (std::size_t i = 0; i < n; ++i) {
    const double level = (in[i] ^ codes.offset) - lowest;
    const double value = level * static_cast<double>(block.scale) + block.minimum;
    out[i] = static_cast<float>(std::clamp<double>(value, -kLargestF32, kLargestF32));
  }
}

}  // namespace

Result widen(const float* x, std::size_t n, Range* out) {
  if (kernels::widen_run(x, n, out)) return success();
  return failure(Status::non_finite, first_non_finite(x, n));
}

Result choose(Range range, const Format& format, Block* out) {
  // Adding zero makes a zero positive: what the sign of a zero minimum is depends on the order of
  // the comparisons.
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
  each_piece(n, phase, block, [&](std::size_t offset, std::size_t length, std::size_t index) {
    Range range = {kInfinity, -kInfinity};
    if (index == 0 && phase > 0) range = {ranges.min[0], ranges.max[0]};
    finite = kernels::widen_run(x + offset, length, &range) && finite;
    ranges.min[index] = range.min;
    ranges.max[index] = range.max;
  });
  return finite ? success() : failure(Status::non_finite, first_non_finite(x, n));
}

Result choose_blocks(const Ranges& ranges, std::size_t count, const Format& format,
                     const Blocks& blocks) {
  for (std::size_t i = 0; i < count; ++i) {
    Block block;
    const Result chosen = choose({ranges.min[i], ranges.max[i]}, format, &block);
    if (!chosen.ok()) return failure(chosen.status, i);
    store(block, blocks, i);
  }
  return success();
}

void encode(const float* x, std::size_t n, std::size_t phase, std::size_t block,
            const Blocks& blocks, const Format& format, std::uint8_t* codes) {
  const Codes shared = codes_of(format);
  encode_tiles(n, format.bits, codes,
               [&](std::size_t start, std::size_t length, std::uint8_t* bytes) {
                 const std::size_t position = phase + start;
                 const Blocks own = from(blocks, position / block);
                 each_piece(length, position % block, block,
                            [&](std::size_t offset, std::size_t piece, std::size_t index) {
                              kernels::encode_run(x + start + offset, piece, entry(own, index),
                                                  shared, bytes + offset);
                            });
               });
}

Result quantize_blocks(const float* x, std::size_t n, std::size_t block, const Format& format,
                       const Blocks& blocks, std::uint8_t* codes) {
  // Ranges first, so that nothing is written when a value or a scale is refused.
  Result result = success();
  each_piece(n, 0, block, [&](std::size_t offset, std::size_t length, std::size_t index) {
    if (!result.ok()) return;
    Range range = {kInfinity, -kInfinity};
    if (!kernels::widen_run(x + offset, length, &range)) {
      result = failure(Status::non_finite, offset + first_non_finite(x + offset, length));
      return;
    }
    Block chosen;
    result = choose(range, format, &chosen);
    result.index = offset;
    if (result.ok()) store(chosen, blocks, index);
  });
  if (!result.ok()) return result;
  encode(x, n, 0, block, blocks, format, codes);
  return success();
}

void decode(const std::uint8_t* codes, std::size_t n, std::size_t phase, std::size_t block,
            const Blocks& blocks, const Format& format, float* out) {
  const Codes shared = codes_of(format);
  decode_tiles(codes, n, format.bits,
               [&](std::size_t start, std::size_t length, const std::uint8_t* bytes) {
                 const std::size_t position = phase + start;
                 const Blocks own = from(blocks, position / block);
                 each_piece(length, position % block, block,
                            [&](std::size_t offset, std::size_t piece, std::size_t index) {
                              const Block one = entry(own, index);
                              const std::uint8_t* in = bytes + offset;
                              float* to = out + start + offset;
                              if (overflows(one, shared)) {
                                decode_wide(in, piece, one, shared, to);
                              } else {
                                kernels::decode_run(in, piece, one, shared, to);
                              }
                            });
               });
}

Result column_ranges(const float* x, std::size_t n, std::size_t phase, std::size_t cols,
                     const Ranges& ranges) {
  bool finite = true;
  each_piece(n, phase, cols, [&](std::size_t offset, std::size_t length, std::size_t index) {
    const std::size_t column = index == 0 ? phase : 0;
    finite =
        kernels::widen_each(x + offset, length, ranges.min + column, ranges.max + column) && finite;
  });
  return finite ? success() : failure(Status::non_finite, first_non_finite(x, n));
}

void encode_columns(const float* x, std::size_t n, std::size_t phase, std::size_t cols,
                    const Blocks& blocks, const Format& format, std::uint8_t* codes) {
  const Codes shared = codes_of(format);
  encode_tiles(
      n, format.bits, codes, [&](std::size_t start, std::size_t length, std::uint8_t* bytes) {
        const std::size_t first = (phase + start) % cols;
        each_piece(
            length, first, cols, [&](std::size_t offset, std::size_t piece, std::size_t index) {
              kernels::encode_each(x + start + offset, piece, from(blocks, index == 0 ? first : 0),
                                   shared, bytes + offset);
            });
      });
}

void decode_columns(const std::uint8_t* codes, std::size_t n, std::size_t phase, std::size_t cols,
                    const Blocks& blocks, const Format& format, float* out) {
  const Codes shared = codes_of(format);
  bool wide = false;
  for (std::size_t i = 0; i < cols; ++i) wide = wide || overflows(entry(blocks, i), shared);
  decode_tiles(codes, n, format.bits,
               [&](std::size_t start, std::size_t length, const std::uint8_t* bytes) {
                 const std::size_t first = (phase + start) % cols;
                 each_piece(length, first, cols,
                            [&](std::size_t offset, std::size_t piece, std::size_t index) {
                              const std::size_t column = index == 0 ? first : 0;
                              const std::uint8_t* in = bytes + offset;
                              float* to = out + start + offset;
                              kernels::decode_each(in, piece, from(blocks, column), shared, to);
                              for (std::size_t i = 0; wide && i < piece; ++i) {
                                const Block one = entry(blocks, column + i);
                                if (overflows(one, shared))
                                  decode_wide(in + i, 1, one, shared, to + i);
                              }
                            });
               });
}

}  // namespace fewbits::uniform
