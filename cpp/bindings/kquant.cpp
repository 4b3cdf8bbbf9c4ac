// The Embind bindings of fewbits/kquant.h.

#include "fewbits/kquant.h"

#include "binding.h"

namespace fewbits::bindings {
namespace {

/// The floats of a block; its integers are written to memory: subscales, suboffsets, codes, as in
/// Block.
struct KquantScales {
  Outcome outcome;
  double scale;
  double zero_point;
};

KquantScales kquant_quantize(Address x, const kquant::Repairs& repairs, Address subscales,
                             Address suboffsets, Address codes, Address dequantized) {
  kquant::Block block;
  const Result result = kquant::quantize(at<float>(x), repairs, &block);
  if (!result.ok()) {
    return {outcome(result), 0, 0};
  }
  for (int j = 0; j < kquant::kSubBlocks; ++j) {
    at<std::uint8_t>(subscales)[j] = block.subscales[j];
    at<std::uint8_t>(suboffsets)[j] = block.suboffsets[j];
  }
  for (int i = 0; i < kquant::kBlockSize; ++i) at<std::uint8_t>(codes)[i] = block.codes[i];
  kquant::dequantize(block, at<float>(dequantized));
  return {0, block.scale, block.zero_point};
}

void kquant_dequantize(float scale, float zero_point, Address subscales, Address suboffsets,
                       Address codes, Address out) {
  kquant::Block block;
  block.scale = scale;
  block.zero_point = zero_point;
  for (int j = 0; j < kquant::kSubBlocks; ++j) {
    block.subscales[j] = at<std::uint8_t>(subscales)[j];
    block.suboffsets[j] = at<std::uint8_t>(suboffsets)[j];
  }
  for (int i = 0; i < kquant::kBlockSize; ++i) block.codes[i] = at<std::uint8_t>(codes)[i];
  kquant::dequantize(block, at<float>(out));
}

double kquant_mean_squared_error(Address x, Address y, int n) {
  return kquant::mean_squared_error(at<float>(x), at<float>(y), n);
}

EMSCRIPTEN_BINDINGS(kquant) {
  emscripten::value_object<kquant::Repairs>("KquantRepairs")
      .field("best_candidate", &kquant::Repairs::best_candidate)
      .field("whole_error", &kquant::Repairs::whole_error)
      .field("rounding", &kquant::Repairs::rounding)
      .field("weighted_sum", &kquant::Repairs::weighted_sum)
      .field("six_bits", &kquant::Repairs::six_bits);
  emscripten::value_object<KquantScales>("KquantScales")
      .field("outcome", &KquantScales::outcome)
      .field("scale", &KquantScales::scale)
      .field("zero_point", &KquantScales::zero_point);
  emscripten::function("kquant_quantize", &kquant_quantize);
  emscripten::function("kquant_dequantize", &kquant_dequantize);
  emscripten::function("kquant_mean_squared_error", &kquant_mean_squared_error);
}

}  // namespace
}  // namespace fewbits::bindings
