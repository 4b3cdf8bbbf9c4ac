// The random rotation: orthogonal, inverted correctly, and the same in every build.

#include "vectors/code/rotation.h"

#include <gtest/gtest.h>

#include <bit>
#include <cmath>
#include <random>
#include <vector>

#include "vectors/code/kernels.h"

namespace fewbits::vectors {
namespace {

using Matrix = std::vector<std::vector<double>>;

/// The rotation matrix by its definition: for each pass H D, with H(i, j) = (-1)^popcount(i & j) in
/// the pass's window and the identity elsewhere.
Matrix dense(const Rotation& rotation) {
  const std::size_t n = rotation.dims();
  const std::size_t window = std::bit_floor(n);
  Matrix all(n, std::vector<double>(n));
  for (std::size_t i = 0; i < n; ++i) all[i][i] = 1;
  for (int pass = 0; pass < rotation.passes(); ++pass) {
    const std::size_t start = pass % 2 == 0 ? 0 : n - window;
    Matrix next(n, std::vector<double>(n));
    for (std::size_t i = 0; i < n; ++i) {
      for (std::size_t j = 0; j < n; ++j) {
        const bool inside = i >= start && i < start + window && j >= start && j < start + window;
        double h = i == j;
        if (inside) {
          h = (std::popcount((i - start) & (j - start)) % 2 == 0 ? 1 : -1) /
              std::sqrt(static_cast<double>(window));
        }
        if (h == 0) continue;
        const double sign = static_cast<double>(rotation.sign(pass, j));
        for (std::size_t k = 0; k < n; ++k) next[i][k] += h * sign * all[j][k];
      }
    }
    all = next;
  }
  return all;
}

TEST(Rotation, IsTheDenseMatrixAndOrthogonal) {
  std::mt19937 random(1);
  std::normal_distribution<float> normal;
  for (const std::size_t n : {1, 2, 3, 4, 7, 8, 17, 48, 96, 128, 300}) {
    Rotation rotation;
    ASSERT_TRUE(rotation.init(n, 7));
    const Matrix matrix = dense(rotation);
    for (std::size_t i = 0; i < n; ++i) {
      for (std::size_t j = 0; j < n; ++j) {
        double dot = 0;
        for (std::size_t k = 0; k < n; ++k) dot += matrix[i][k] * matrix[j][k];
        ASSERT_NEAR(dot, i == j, 1e-6);
      }
    }
    std::vector<float> x(n);
    for (float& value : x) value = normal(random);
    std::vector<float> y = x;
    rotation.apply(y.data(), y.data());
    for (std::size_t i = 0; i < n; ++i) {
      double expected = 0;
      for (std::size_t j = 0; j < n; ++j) expected += matrix[i][j] * static_cast<double>(x[j]);
      ASSERT_NEAR(static_cast<double>(y[i]), expected, 1e-5) << n;
    }
    rotation.apply_inverse(y.data());
    for (std::size_t i = 0; i < n; ++i) ASSERT_NEAR(y[i], x[i], 1e-5f);
  }
}

TEST(Rotation, SpreadsASpikeWhereverItIs) {
  for (const std::size_t n : {256, 300, 384, 768, 1536, 3072}) {
    Rotation rotation;
    ASSERT_TRUE(rotation.init(n, 1));
    for (const std::size_t spike : {std::size_t{0}, n / 2, n - 1}) {
      std::vector<float> x(n);
      x[spike] = 1;
      rotation.apply(x.data(), x.data());
      float largest = 0;
      for (const float value : x) largest = std::max(largest, std::fabs(value));
      // Like normal values of deviation 1 / sqrt(n): none exceeds seven deviations.
      EXPECT_LT(largest * std::sqrt(static_cast<float>(n)), 7.0f) << n << " " << spike;
    }
  }
}

TEST(Rotation, TheSeedDecides) {
  std::vector<float> a(100, 1.0f);
  std::vector<float> b = a;
  std::vector<float> c = a;
  Rotation one;
  Rotation again;
  Rotation other;
  ASSERT_TRUE(one.init(100, 5) && again.init(100, 5) && other.init(100, 6));
  one.apply(a.data(), a.data());
  again.apply(b.data(), b.data());
  other.apply(c.data(), c.data());
  EXPECT_EQ(a, b);
  EXPECT_NE(a, c);
}

}  // namespace
}  // namespace fewbits::vectors
