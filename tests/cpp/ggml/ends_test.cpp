// Halves at the ends of their range: both kernels find them where standard conversions do.

#include "ggml/ends.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <random>
#include <vector>

#include "fewbits/floats.h"

namespace fewbits::ggml {
namespace {

struct Kernel {
  decltype(&scalar::next_ends) next_ends;
  decltype(&scalar::encode_to_ends) encode_to_ends;
};

struct Halves {
  HalfRange range;
  void (*encode)(const float*, std::size_t, std::uint16_t*);
  void (*decode)(const std::uint16_t*, std::size_t, float*);
  float least_normal;
};

constexpr Halves kF16 = {kF16Range, &floats::encode_f16, &floats::decode_f16, 0x1p-14f};
constexpr Halves kBf16 = {kBf16Range, &floats::encode_bf16, &floats::decode_bf16, 0x1p-126f};

std::vector<std::size_t> all_ends(const Kernel& kernel, const Halves& type,
                                  const std::vector<float>& x, std::size_t start) {
  std::vector<std::uint16_t> halves(x.size());
  type.encode(x.data(), x.size(), halves.data());
  std::vector<std::size_t> found;
  const auto next = [&](std::size_t from) {
    return kernel.next_ends(type.range, x.data(), halves.data(), from, x.size());
  };
  for (EndGroup ends = next(start); ends.lanes != 0; ends = next(ends.start + kEndGroup)) {
    EXPECT_EQ((ends.start - start) % kEndGroup, 0u);
    for (std::size_t j = 0; j < kEndGroup; ++j) {
      if ((ends.lanes >> j & 1) != 0) found.push_back(ends.start + j);
    }
  }
  return found;
}

/// The expected result, from the decoded halves.
std::vector<std::size_t> expected_ends(const Halves& type, const std::vector<float>& x,
                                       std::size_t start) {
  std::vector<std::uint16_t> halves(x.size());
  std::vector<float> decoded(x.size());
  type.encode(x.data(), x.size(), halves.data());
  type.decode(halves.data(), x.size(), decoded.data());
  std::vector<std::size_t> expected;
  for (std::size_t i = start; i < x.size(); ++i) {
    const bool small = std::fabs(decoded[i]) < type.least_normal && x[i] != 0;
    if (!std::isfinite(decoded[i]) || (small && type.range.subnormals)) expected.push_back(i);
  }
  return expected;
}

std::vector<float> values_with_ends(std::size_t n, double share, std::mt19937& random) {
  const float infinity = std::numeric_limits<float>::infinity();
  const float ends[] = {0.f,      -0.f,      6e-5f,         -6.2e-5f, 1e-30f,   -1e-44f,
                        6.1e-5f,  65504.f,   65519.f,       65520.f,  -3.3e38f, 3.4e38f,
                        infinity, -infinity, std::nanf(""), 1e-39f};
  std::normal_distribution<float> ordinary(0.f, 1.f);
  std::uniform_real_distribution<double> chance;
  std::vector<float> x(n);
  for (float& value : x) {
    value = chance(random) < share ? ends[random() % std::size(ends)] : ordinary(random);
  }
  return x;
}

class Ends : public testing::TestWithParam<Kernel> {};

TEST_P(Ends, AreFoundOneAfterTheOther) {
  std::mt19937 random(3);
  for (const Halves& type : {kF16, kBf16}) {
    for (const double share : {0.0, 0.003, 0.05, 0.7, 1.0}) {
      for (const std::size_t n : {0u, 1u, 7u, 8u, 63u, 64u, 65u, 200u, 1000u}) {
        const std::vector<float> x = values_with_ends(n, share, random);
        for (std::size_t start = 0; start <= n && start < 70; ++start) {
          ASSERT_EQ(all_ends(GetParam(), type, x, start), expected_ends(type, x, start))
              << n << " values from " << start << ", share " << share;
        }
      }
    }
  }
}

TEST_P(Ends, AreNoneInZeros) {
  const std::vector<float> x(300, -0.f);
  EXPECT_TRUE(all_ends(GetParam(), kF16, x, 0).empty());
}

TEST_P(Ends, AreFoundWhileEncoding) {
  std::mt19937 random(4);
  for (const Halves& type : {kF16, kBf16}) {
    for (const double share : {0.0, 0.003, 0.05, 1.0}) {
      for (const std::size_t n : {0u, 1u, 31u, 32u, 64u, 65u, 1000u}) {
        const std::vector<float> x = values_with_ends(n, share, random);
        std::vector<std::uint16_t> expected(n);
        type.encode(x.data(), n, expected.data());
        std::vector<std::uint16_t> halves(n);
        std::vector<std::size_t> found;
        for (std::size_t start = 0; start < n;) {
          const EndGroup ends =
              GetParam().encode_to_ends(type.range, x.data(), halves.data(), start, n);
          for (std::size_t j = 0; j < kEndGroup; ++j) {
            if ((ends.lanes >> j & 1) != 0) found.push_back(ends.start + j);
          }
          start = ends.start + kEndGroup;
        }
        ASSERT_EQ(found, expected_ends(type, x, 0)) << n << " values, share " << share;
        ASSERT_EQ(halves, expected) << n << " values, share " << share;
      }
    }
  }
}

constexpr Kernel kKernels[] = {
    {&scalar::next_ends, &scalar::encode_to_ends},
#if FEWBITS_SIMD
    {&simd::next_ends, &simd::encode_to_ends},
#endif
};

INSTANTIATE_TEST_SUITE_P(Kernels, Ends, testing::ValuesIn(kKernels));

}  // namespace
}  // namespace fewbits::ggml
