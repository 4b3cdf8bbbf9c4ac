// The Embind bindings of fewbits/floats.h.

#include "fewbits/floats.h"

#include "binding.h"

namespace fewbits::bindings {
namespace {

void floats_encode_f16(Address x, std::size_t n, Address out) {
  floats::encode_f16(at<float>(x), n, at<std::uint16_t>(out));
}

void floats_decode_f16(Address in, std::size_t n, Address out) {
  floats::decode_f16(at<std::uint16_t>(in), n, at<float>(out));
}

void floats_encode_bf16(Address x, std::size_t n, Address out) {
  floats::encode_bf16(at<float>(x), n, at<std::uint16_t>(out));
}

void floats_decode_bf16(Address in, std::size_t n, Address out) {
  floats::decode_bf16(at<std::uint16_t>(in), n, at<float>(out));
}

EMSCRIPTEN_BINDINGS(floats) {
  emscripten::function("floats_encode_f16", &floats_encode_f16);
  emscripten::function("floats_decode_f16", &floats_decode_f16);
  emscripten::function("floats_encode_bf16", &floats_encode_bf16);
  emscripten::function("floats_decode_bf16", &floats_decode_bf16);
}

}  // namespace
}  // namespace fewbits::bindings
