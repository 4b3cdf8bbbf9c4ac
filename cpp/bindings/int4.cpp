// The Embind bindings of fewbits/int4.h.

#include "fewbits/int4.h"

#include "binding.h"

namespace fewbits::bindings {
namespace {

/// Widens the range (two floats) at `range`.
Outcome int4_widen(Address x, std::size_t n, Address range) {
  return outcome(uniform::widen(at<float>(x), n, at<uniform::Range>(range)));
}

float int4_scale(Address range, int method) {
  return int4::scale(*at<uniform::Range>(range), static_cast<int4::ScaleMethod>(method));
}

void int4_quantize(Address x, std::size_t n, float scale, bool wrap, Address values) {
  int4::quantize(at<float>(x), n, scale, wrap, at<std::int8_t>(values));
}

void int4_dequantize(Address values, std::size_t n, float scale, int zero_point, Address out) {
  int4::dequantize(at<std::int8_t>(values), n, scale, zero_point, at<float>(out));
}

EMSCRIPTEN_BINDINGS(int4) {
  emscripten::function("int4_widen", &int4_widen);
  emscripten::function("int4_scale", &int4_scale);
  emscripten::function("int4_quantize", &int4_quantize);
  emscripten::function("int4_dequantize", &int4_dequantize);
}

}  // namespace
}  // namespace fewbits::bindings
