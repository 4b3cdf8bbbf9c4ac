// Fuzzes quantizers with any floats and options: every code is a cell, every decoded value finite,
// packing exact.

#include "fewbits/distributional.h"

#include <cmath>
#include <cstdint>
#include <cstring>
#include <vector>

#include "source.h"

using namespace fewbits;
using namespace fewbits::distributional;
using fuzz::require;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 8) return 0;
  FitOptions options;
  options.distribution = data[0] % (kAllDistributions + 1) - 1;
  options.order = 1 + data[1] % 2;
  options.n = 2 + data[2] % 255;
  options.levels = static_cast<Levels>(data[3] % 2);
  options.beta = data[4] % 3 == 0 ? 0 : std::ldexp(1.0, data[4] % 40 - 20);
  options.has_zero = data[5] % 2 == 1;
  options.reference = data[6] % 4 == 0 && options.distribution < kDistributions;
  std::vector<float> x((size - 8) / sizeof(float));
  if (!x.empty()) std::memcpy(x.data(), data + 8, x.size() * sizeof(float));

  Fit fit;
  require(fit.begin(options).ok());
  while (fit.next_pass()) {
    const Result result = fit.accumulate(x.data(), x.size());
    if (!result.ok()) {
      require(result.status == Status::non_finite && !std::isfinite(x[result.index]));
      return 0;
    }
  }
  require(fit.status().ok());
  Codebook book;
  require((options.reference && fit.formula().scale > 0 ? book.assign_reference(fit.formula())
                                                        : book.assign(fit.formula()))
              .ok());
  std::vector<std::uint8_t> codes(x.size());
  require(book.encode(x.data(), x.size(), codes.data(), nullptr).ok());
  std::vector<float> decoded(x.size());
  require(book.decode(codes.data(), codes.size(), decoded.data()).ok());
  for (const float value : decoded) require(options.reference || std::isfinite(value));
  std::vector<std::uint64_t> words(x.size() / 8 + 1);
  std::vector<std::uint8_t> unpacked(x.size());
  require(pack_words(codes.data(), codes.size(), 8, words.data()).ok());
  require(unpack_words(words.data(), unpacked.size(), 8, unpacked.data()).ok());
  require(unpacked == codes);
  return 0;
}
