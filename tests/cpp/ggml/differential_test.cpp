// The SIMD kernels give the bytes and floats of the scalar reference, on random and unusual values.

#include <gtest/gtest.h>

#include <cmath>
#include <cstdlib>
#include <cstring>
#include <random>
#include <string>
#include <vector>

#include "ggml/kernels.h"

#if FEWBITS_SIMD

namespace fewbits::ggml {
namespace {

/// The number of values compared per type; FEWBITS_LONG=1 in the environment sets it to ten
/// million.
std::size_t count() {
  const char* wish = std::getenv("FEWBITS_LONG");
  return wish != nullptr && wish[0] == '1' ? 10'000'000 : 150'000;
}

constexpr std::size_t kRow = 512;

class Values {
 public:
  /// Fills a row with one kind of values: each kind is an edge case of weights or of a search.
  void fill(std::vector<float>& x) {
    const auto kind = static_cast<unsigned>(random_() % 20);
    const float scale = std::exp(3 * normal_(random_));
    for (float& value : x) value = finite(of(kind, scale));
    if (kind == 19) x[random_() % x.size()] = 1e4f;  // one outlier
  }

  void importance(std::vector<float>& w) {
    const auto kind = static_cast<unsigned>(random_() % 4);
    for (float& weight : w) {
      weight = kind == 0   ? uniform_(random_)
               : kind == 1 ? (random_() % 3 == 0 ? uniform_(random_) : 0.0f)
               : kind == 2 ? std::exp(4 * normal_(random_))
                           : 1.0f;
    }
  }

  std::uint8_t byte() { return static_cast<std::uint8_t>(random_()); }

 private:
  static float finite(float value) { return std::isfinite(value) ? value : 1.0f; }

  float of(unsigned kind, float scale) {
    const float value = normal_(random_);
    switch (kind) {
      case 0:
        return value * 1e30f;
      case 1:
        return value * 1e-40f;  // subnormal
      case 2:
        return value * 1e-38f;
      case 3:
        return random_() % 2 == 0 ? 0.0f : -0.0f;
      case 4:
        return scale;  // constant
      case 5:
        return -scale;
      case 6:
        return std::round(2 * value);  // repeated values, ties
      case 7:
        return std::fabs(value) * scale;
      case 8:
        return -std::fabs(value) * scale;
      case 9:
        return random_() % 40 == 0 ? 100 * value : 0.0f;
      case 10:
        return random_() % 2 == 0 ? 1.0f : -1.0f;
      case 11:
        return std::exp(8 * value);
      case 12:
        return value * 1e-15f;
      case 13:
        return bits();
      case 14:
        return 1 + value * 1e-5f;
      case 15:
        return (random_() % 2 == 0 ? 3.4e38f : -3.4e38f) * uniform_(random_);
      default:
        return value * scale;
    }
  }

  float bits() {
    const auto pattern = static_cast<std::uint32_t>(random_());
    float value;
    std::memcpy(&value, &pattern, 4);
    return value;
  }

  std::mt19937 random_{11};
  std::normal_distribution<float> normal_;
  std::uniform_real_distribution<float> uniform_{0, 1};
};

template <typename Block, typename Encode>
void compare_encoders(Encode reference, Encode kernel, bool with_importance) {
  Values values;
  std::vector<float> x(kRow);
  std::vector<float> w(kRow);
  for (std::size_t done = 0; done < count(); done += kRow) {
    values.fill(x);
    values.importance(w);
    // Fewer blocks than a kernel processes at once, too.
    const std::size_t blocks = kRow / Block::size - (kRow / Block::size > 2 ? done / kRow % 3 : 0);
    const float* importance = with_importance ? w.data() : nullptr;
    std::vector<std::uint8_t> expected(blocks * sizeof(Block), 0xAA);
    std::vector<std::uint8_t> actual(blocks * sizeof(Block), 0x55);
    reference(x.data(), blocks, importance, reinterpret_cast<Block*>(expected.data()));
    kernel(x.data(), blocks, importance, reinterpret_cast<Block*>(actual.data()));
    ASSERT_EQ(actual, expected) << "row " << done / kRow << " of " << x[0] << ", " << x[1] << ", "
                                << x[2];
  }
}

template <typename Block, typename Decode>
void compare_decoders(Decode reference, Decode kernel) {
  Values values;
  std::vector<float> expected(kRow);
  std::vector<float> actual(kRow);
  std::vector<std::uint8_t> bytes(kRow / Block::size * sizeof(Block));
  for (std::size_t done = 0; done < count(); done += kRow) {
    for (std::uint8_t& byte : bytes) byte = values.byte();
    const auto* blocks = reinterpret_cast<const Block*>(bytes.data());
    reference(blocks, kRow / Block::size, expected.data());
    kernel(blocks, kRow / Block::size, actual.data());
    for (std::size_t i = 0; i < kRow; ++i) {
      if (std::isnan(expected[i])) {
        ASSERT_TRUE(std::isnan(actual[i])) << "value " << i;
      } else {
        ASSERT_EQ(std::bit_cast<std::uint32_t>(actual[i]),
                  std::bit_cast<std::uint32_t>(expected[i]))
            << "value " << i;
      }
    }
  }
}

#define FEWBITS_GGML_COMPARE(type, number, Block, ...)                            \
  TEST(Encode, type) {                                                            \
    compare_encoders<Block>(&scalar::encode_##type, &simd::encode_##type, false); \
  }                                                                               \
  TEST(EncodeWithImportance, type) {                                              \
    compare_encoders<Block>(&scalar::encode_##type, &simd::encode_##type, true);  \
  }                                                                               \
  TEST(Decode, type) { compare_decoders<Block>(&scalar::decode_##type, &simd::decode_##type); }
FEWBITS_GGML_KERNELS(FEWBITS_GGML_COMPARE)

}  // namespace
}  // namespace fewbits::ggml

#endif  // FEWBITS_SIMD
