// Inputs that are hard for kernels: lengths, offsets and values at the edges.

#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <limits>
#include <random>
#include <vector>

namespace fewbits::test {

/// Lengths around the widths of vectors, tiles and chunks.
inline constexpr std::size_t kLengths[] = {0,  1,  3,  7,  8,   9,    15,   16,   17,
                                           31, 32, 33, 63, 255, 1023, 2049, 65537};

/// Offsets, in elements, that misalign a buffer.
inline constexpr std::size_t kOffsets[] = {0, 1, 3};

/// `n` values whose memory ends with the heap block, so that AddressSanitizer detects a read or
/// write beyond it, and begins `offset` elements after an aligned address.
template <typename T>
class Exact {
 public:
  explicit Exact(std::size_t n, std::size_t offset = 0) : values_(n + offset), offset_(offset) {}
  Exact(const std::vector<T>& from, std::size_t offset) : Exact(from.size(), offset) {
    if (!from.empty()) std::memcpy(data(), from.data(), from.size() * sizeof(T));
  }

  T* data() { return values_.data() + offset_; }
  std::size_t size() const { return values_.size() - offset_; }
  std::vector<T> copy() { return std::vector<T>(data(), data() + size()); }

 private:
  std::vector<T> values_;
  std::size_t offset_;
};

/// Whether two arrays hold the same bits: NaN equals itself, and 0 differs from -0.
inline bool same_bits(const float* a, const float* b, std::size_t n) {
  return n == 0 || std::memcmp(a, b, n * sizeof(float)) == 0;
}

inline float uniform_float(std::mt19937& random, float low, float high) {
  return low + (high - low) * static_cast<float>(random()) * 0x1p-32f;
}

/// Kinds of finite data that quantizers encounter.
enum class Data {
  uniform,
  normal,
  positive,
  constant,
  zeros,
  subnormal,
  huge,
  ties,
  outlier,
  narrow
};
inline constexpr Data kAllData[] = {Data::uniform, Data::normal,    Data::positive, Data::constant,
                                    Data::zeros,   Data::subnormal, Data::huge,     Data::ties,
                                    Data::outlier, Data::narrow};

inline std::vector<float> make(Data data, std::size_t n, std::uint32_t seed = 1) {
  std::mt19937 random(seed);
  std::normal_distribution<float> normal;
  std::vector<float> x(n);
  for (std::size_t i = 0; i < n; ++i) {
    switch (data) {
      case Data::uniform:
        x[i] = uniform_float(random, -5, 5);
        break;
      case Data::normal:
        x[i] = normal(random);
        break;
      case Data::positive:
        x[i] = uniform_float(random, 3, 4);
        break;
      case Data::constant:
        x[i] = -2.7f;
        break;
      case Data::zeros:
        x[i] = i % 2 == 0 ? 0.0f : -0.0f;
        break;
      case Data::subnormal:
        x[i] = uniform_float(random, -1, 1) * 1e-41f;
        break;
      case Data::huge:
        x[i] = uniform_float(random, -1, 1) * std::numeric_limits<float>::max();
        break;
      case Data::ties:
        x[i] = static_cast<float>(static_cast<int>(random() % 31) - 15) * 0.5f;
        break;
      case Data::outlier:
        x[i] = i == n / 2 ? 1e6f : normal(random);
        break;
      case Data::narrow:
        x[i] = 1e6f + static_cast<float>(random() % 17) * 0.0625f;
        break;
    }
  }
  return x;
}

}  // namespace fewbits::test
