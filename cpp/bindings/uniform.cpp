// The Embind bindings of fewbits/uniform.h.

#include "fewbits/uniform.h"

#include "binding.h"

namespace fewbits::bindings {
namespace {

using namespace uniform;

/// A format as one number: bits, then scheme, rounding and scale type from bits 4, 6 and 8 on, as
/// packed by formatNumber() of web/src/families/uniform/names.ts.
Format format_of(unsigned number) {
  return {static_cast<int>(number & 15), static_cast<Scheme>(number >> 4 & 3),
          static_cast<Rounding>(number >> 6 & 3), static_cast<ScaleType>(number >> 8 & 3)};
}

Ranges ranges_at(Address min, Address max) {
  return {at<float>(min), at<float>(max)};
}

Blocks blocks_at(Address scales, Address minima, Address zero_points) {
  return {at<float>(scales), at<float>(minima), at<std::int32_t>(zero_points)};
}

Outcome uniform_block_ranges(Address x, std::size_t n, std::size_t phase, std::size_t block,
                             Address min, Address max) {
  return outcome(block_ranges(at<float>(x), n, phase, block, ranges_at(min, max)));
}

Outcome uniform_choose_blocks(Address min, Address max, std::size_t count, unsigned format,
                              Address scales, Address minima, Address zero_points) {
  return outcome(choose_blocks(ranges_at(min, max), count, format_of(format),
                               blocks_at(scales, minima, zero_points)));
}

void uniform_encode(Address x, std::size_t n, std::size_t phase, std::size_t block, Address scales,
                    Address minima, Address zero_points, unsigned format, Address codes) {
  encode(at<float>(x), n, phase, block, blocks_at(scales, minima, zero_points), format_of(format),
         at<std::uint8_t>(codes));
}

Outcome uniform_quantize_blocks(Address x, std::size_t n, std::size_t block, unsigned format,
                                Address scales, Address minima, Address zero_points,
                                Address codes) {
  return outcome(quantize_blocks(at<float>(x), n, block, format_of(format),
                                 blocks_at(scales, minima, zero_points), at<std::uint8_t>(codes)));
}

void uniform_decode(Address codes, std::size_t n, std::size_t phase, std::size_t block,
                    Address scales, Address minima, Address zero_points, unsigned format,
                    Address out) {
  decode(at<std::uint8_t>(codes), n, phase, block, blocks_at(scales, minima, zero_points),
         format_of(format), at<float>(out));
}

Outcome uniform_column_ranges(Address x, std::size_t n, std::size_t phase, std::size_t cols,
                              Address min, Address max) {
  return outcome(column_ranges(at<float>(x), n, phase, cols, ranges_at(min, max)));
}

void uniform_encode_columns(Address x, std::size_t n, std::size_t phase, std::size_t cols,
                            Address scales, Address minima, Address zero_points, unsigned format,
                            Address codes) {
  encode_columns(at<float>(x), n, phase, cols, blocks_at(scales, minima, zero_points),
                 format_of(format), at<std::uint8_t>(codes));
}

void uniform_decode_columns(Address codes, std::size_t n, std::size_t phase, std::size_t cols,
                            Address scales, Address minima, Address zero_points, unsigned format,
                            Address out) {
  decode_columns(at<std::uint8_t>(codes), n, phase, cols, blocks_at(scales, minima, zero_points),
                 format_of(format), at<float>(out));
}

EMSCRIPTEN_BINDINGS(uniform) {
  emscripten::function("uniform_block_ranges", &uniform_block_ranges);
  emscripten::function("uniform_choose_blocks", &uniform_choose_blocks);
  emscripten::function("uniform_encode", &uniform_encode);
  emscripten::function("uniform_quantize_blocks", &uniform_quantize_blocks);
  emscripten::function("uniform_decode", &uniform_decode);
  emscripten::function("uniform_column_ranges", &uniform_column_ranges);
  emscripten::function("uniform_encode_columns", &uniform_encode_columns);
  emscripten::function("uniform_decode_columns", &uniform_decode_columns);
}

}  // namespace
}  // namespace fewbits::bindings
