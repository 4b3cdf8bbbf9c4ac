// The Embind names of fewbits/uniform.h.

#include "fewbits/uniform.h"

#include "binding.h"

namespace fewbits::bindings {
namespace {

using namespace uniform;

struct FormatCodes {
  int bits;
  int scheme;
  int rounding;
  int scale_type;

  Format format() const {
    return {bits, static_cast<Scheme>(scheme), static_cast<Rounding>(rounding),
            static_cast<ScaleType>(scale_type)};
  }
};

struct RangesAt {
  Address min;
  Address max;

  Ranges ranges() const { return {at<float>(min), at<float>(max)}; }
};

struct BlocksAt {
  Address scales;
  Address minima;
  Address zero_points;

  Blocks blocks() const {
    return {at<float>(scales), at<float>(minima), at<std::int32_t>(zero_points)};
  }
};

Outcome uniform_block_ranges(Address x, std::size_t n, std::size_t phase, std::size_t block,
                             RangesAt ranges) {
  return outcome(block_ranges(at<float>(x), n, phase, block, ranges.ranges()));
}

Outcome uniform_choose_blocks(RangesAt ranges, std::size_t count, FormatCodes format,
                              BlocksAt blocks) {
  return outcome(choose_blocks(ranges.ranges(), count, format.format(), blocks.blocks()));
}

void uniform_encode(Address x, std::size_t n, std::size_t phase, std::size_t block, BlocksAt blocks,
                    FormatCodes format, Address codes) {
  encode(at<float>(x), n, phase, block, blocks.blocks(), format.format(), at<std::uint8_t>(codes));
}

Outcome uniform_quantize_blocks(Address x, std::size_t n, std::size_t block, FormatCodes format,
                                BlocksAt blocks, Address codes) {
  return outcome(quantize_blocks(at<float>(x), n, block, format.format(), blocks.blocks(),
                                 at<std::uint8_t>(codes)));
}

void uniform_decode(Address codes, std::size_t n, std::size_t phase, std::size_t block,
                    BlocksAt blocks, FormatCodes format, Address out) {
  decode(at<std::uint8_t>(codes), n, phase, block, blocks.blocks(), format.format(),
         at<float>(out));
}

Outcome uniform_column_ranges(Address x, std::size_t n, std::size_t phase, std::size_t cols,
                              RangesAt ranges) {
  return outcome(column_ranges(at<float>(x), n, phase, cols, ranges.ranges()));
}

void uniform_encode_columns(Address x, std::size_t n, std::size_t phase, std::size_t cols,
                            BlocksAt blocks, FormatCodes format, Address codes) {
  encode_columns(at<float>(x), n, phase, cols, blocks.blocks(), format.format(),
                 at<std::uint8_t>(codes));
}

void uniform_decode_columns(Address codes, std::size_t n, std::size_t phase, std::size_t cols,
                            BlocksAt blocks, FormatCodes format, Address out) {
  decode_columns(at<std::uint8_t>(codes), n, phase, cols, blocks.blocks(), format.format(),
                 at<float>(out));
}

EMSCRIPTEN_BINDINGS(uniform) {
  emscripten::value_object<FormatCodes>("UniformFormat")
      .field("bits", &FormatCodes::bits)
      .field("scheme", &FormatCodes::scheme)
      .field("rounding", &FormatCodes::rounding)
      .field("scale_type", &FormatCodes::scale_type);
  emscripten::value_object<RangesAt>("UniformRanges")
      .field("min", &RangesAt::min)
      .field("max", &RangesAt::max);
  emscripten::value_object<BlocksAt>("UniformBlocks")
      .field("scales", &BlocksAt::scales)
      .field("minima", &BlocksAt::minima)
      .field("zero_points", &BlocksAt::zero_points);
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
