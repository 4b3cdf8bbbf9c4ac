// Fuzzes ggml blocks: any bytes are blocks of any type. Decoders stay within them, and encoders
// accept the decoded values if these are finite.

#include <cmath>
#include <cstdint>
#include <memory>

#include "fewbits/ggml.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace fewbits::ggml;
  if (size < 1) return 0;
  const TypeInfo& type = kTypes[data[0] % kTypeCount];
  const std::size_t blocks = (size - 1) / type.bytes_per_block;
  const std::size_t bytes = blocks * type.bytes_per_block;
  const std::size_t length = blocks * type.block_size;
  // Allocated exactly, so that an access one byte or value too far is detected.
  const std::unique_ptr<std::uint8_t[]> in(new std::uint8_t[bytes]);
  for (std::size_t i = 0; i < bytes; ++i) in[i] = data[1 + i];
  const std::unique_ptr<float[]> values(new float[length]);
  if (!dequantize(type.type, in.get(), length, values.get()).ok()) __builtin_trap();

  for (std::size_t i = 0; i < length; ++i) {
    if (!std::isfinite(values[i])) values[i] = 0;
  }
  const std::unique_ptr<float[]> importance(new float[length]);
  for (std::size_t i = 0; i < length; ++i) importance[i] = std::fabs(values[length - 1 - i]);
  const std::unique_ptr<std::uint8_t[]> out(new std::uint8_t[bytes]);
  for (const float* weights :
       {static_cast<const float*>(nullptr), static_cast<const float*>(importance.get())}) {
    if (!quantize(type.type, values.get(), 1, length, weights, out.get()).ok()) __builtin_trap();
  }
  return 0;
}
