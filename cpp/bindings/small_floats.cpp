// The Embind bindings of fewbits/small_floats.h.

#include "fewbits/small_floats.h"

#include "binding.h"

namespace fewbits::bindings {
namespace {

Outcome floats_encode_f8_e4m3(Address x, std::size_t n, Address out) {
  return outcome(floats::encode_f8_e4m3(at<float>(x), n, at<std::uint8_t>(out)));
}

void floats_decode_f8_e4m3(Address in, std::size_t n, Address out) {
  floats::decode_f8_e4m3(at<std::uint8_t>(in), n, at<float>(out));
}

void floats_encode_f8_e5m2(Address x, std::size_t n, Address out) {
  floats::encode_f8_e5m2(at<float>(x), n, at<std::uint8_t>(out));
}

void floats_decode_f8_e5m2(Address in, std::size_t n, Address out) {
  floats::decode_f8_e5m2(at<std::uint8_t>(in), n, at<float>(out));
}

Outcome floats_encode_f4_e2m1(Address x, std::size_t n, Address out) {
  return outcome(floats::encode_f4_e2m1(at<float>(x), n, at<std::uint8_t>(out)));
}

void floats_decode_f4_e2m1(Address in, std::size_t n, Address out) {
  floats::decode_f4_e2m1(at<std::uint8_t>(in), n, at<float>(out));
}

Outcome floats_encode_nf4(Address x, std::size_t n, std::size_t block, Address absmax,
                          Address out) {
  return outcome(
      floats::encode_nf4(at<float>(x), n, block, at<float>(absmax), at<std::uint8_t>(out)));
}

Outcome floats_decode_nf4(Address in, std::size_t n, std::size_t block, Address absmax,
                          Address out) {
  return outcome(
      floats::decode_nf4(at<std::uint8_t>(in), n, block, at<float>(absmax), at<float>(out)));
}

EMSCRIPTEN_BINDINGS(small_floats) {
  emscripten::function("floats_encode_f8_e4m3", &floats_encode_f8_e4m3);
  emscripten::function("floats_decode_f8_e4m3", &floats_decode_f8_e4m3);
  emscripten::function("floats_encode_f8_e5m2", &floats_encode_f8_e5m2);
  emscripten::function("floats_decode_f8_e5m2", &floats_decode_f8_e5m2);
  emscripten::function("floats_encode_f4_e2m1", &floats_encode_f4_e2m1);
  emscripten::function("floats_decode_f4_e2m1", &floats_decode_f4_e2m1);
  emscripten::function("floats_encode_nf4", &floats_encode_nf4);
  emscripten::function("floats_decode_nf4", &floats_decode_nf4);
}

}  // namespace
}  // namespace fewbits::bindings
