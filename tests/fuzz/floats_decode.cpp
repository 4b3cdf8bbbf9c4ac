// Fuzzes 8-bit and 4-bit floats: any bytes decode, and encode back to themselves.

#include <cmath>
#include <cstdint>
#include <memory>

#include "fewbits/small_floats.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace fewbits::floats;
  const std::unique_ptr<float[]> values(new float[2 * size]);
  const std::unique_ptr<std::uint8_t[]> out(new std::uint8_t[size]);
  decode_f8_e4m3(data, size, values.get());
  if (!encode_f8_e4m3(values.get(), size, out.get()).ok()) __builtin_trap();
  for (std::size_t i = 0; i < size; ++i) {
    if (out[i] != data[i]) __builtin_trap();
  }
  decode_f8_e5m2(data, size, values.get());
  encode_f8_e5m2(values.get(), size, out.get());
  for (std::size_t i = 0; i < size; ++i) {
    if (out[i] != data[i] && !std::isnan(values[i])) __builtin_trap();
  }
  decode_f4_e2m1(data, 2 * size, values.get());
  if (!encode_f4_e2m1(values.get(), 2 * size, out.get()).ok()) __builtin_trap();
  for (std::size_t i = 0; i < size; ++i) {
    if (out[i] != data[i]) __builtin_trap();
  }
  const std::unique_ptr<float[]> absmax(new float[size + 1]);
  if (!encode_nf4(values.get(), 2 * size, 64, absmax.get(), out.get()).ok()) __builtin_trap();
  if (!decode_nf4(out.get(), 2 * size, 64, absmax.get(), values.get()).ok()) __builtin_trap();
  return 0;
}
