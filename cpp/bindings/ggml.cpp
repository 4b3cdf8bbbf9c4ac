// The Embind bindings of fewbits/ggml.h.

#include "fewbits/ggml.h"

#include "binding.h"

namespace fewbits::bindings {
namespace {

/// `importance` is 0 if there is none, `lost` if what is written is not to be checked.
Outcome ggml_quantize(int type, Address x, std::size_t rows, std::size_t row_length,
                      Address importance, Address out, Address lost) {
  const auto known = static_cast<ggml::Type>(type);
  return outcome(lost == 0 ? ggml::quantize(known, at<float>(x), rows, row_length,
                                            at<float>(importance), at<std::uint8_t>(out))
                           : ggml::quantize_checked(known, at<float>(x), rows, row_length,
                                                    at<float>(importance), at<std::uint8_t>(out),
                                                    at<double>(lost)));
}

Outcome ggml_dequantize(int type, Address bytes, std::size_t length, Address out) {
  return outcome(ggml::dequantize(static_cast<ggml::Type>(type), at<std::uint8_t>(bytes), length,
                                  at<float>(out)));
}

Outcome ggml_check(int type, Address x, Address bytes, std::size_t length, Address lost) {
  return outcome(ggml::check(static_cast<ggml::Type>(type), at<float>(x), at<std::uint8_t>(bytes),
                             length, at<double>(lost)));
}

Outcome ggml_validate(int type, Address bytes, std::size_t length) {
  return outcome(ggml::validate(static_cast<ggml::Type>(type), at<std::uint8_t>(bytes), length));
}

EMSCRIPTEN_BINDINGS(ggml) {
  emscripten::function("ggml_quantize", &ggml_quantize);
  emscripten::function("ggml_check", &ggml_check);
  emscripten::function("ggml_validate", &ggml_validate);
  emscripten::function("ggml_dequantize", &ggml_dequantize);
}

}  // namespace
}  // namespace fewbits::bindings
