// Eigenvectors of matrices with a known answer.

#include "vectors/learn/eigen.h"

#include <gtest/gtest.h>

#include <cmath>
#include <random>
#include <vector>

namespace fewbits::vectors {
namespace {

void expect_decomposition(const std::vector<double>& matrix, std::size_t n) {
  std::vector<double> vectors = matrix;
  std::vector<double> values(n);
  std::vector<double> work(2 * n);
  ASSERT_TRUE(eigen_symmetric(vectors.data(), n, values.data(), work.data()));
  for (std::size_t i = 0; i < n; ++i) {
    if (i > 0) {
      ASSERT_GE(values[i - 1], values[i]);
    }
    for (std::size_t j = 0; j < n; ++j) {
      double dot = 0;
      double product = 0;
      for (std::size_t k = 0; k < n; ++k) {
        dot += vectors[k * n + i] * vectors[k * n + j];
        product += matrix[i * n + k] * vectors[k * n + j];
      }
      ASSERT_NEAR(dot, i == j, 1e-12);
      ASSERT_NEAR(product, values[j] * vectors[i * n + j], 1e-10 * (1 + std::fabs(values[0])));
    }
  }
}

TEST(Eigen, DecomposesSymmetricMatrices) {
  std::mt19937 random(1);
  std::normal_distribution<double> normal;
  for (const std::size_t n : {1, 2, 3, 8, 33, 100}) {
    std::vector<double> matrix(n * n);
    for (std::size_t i = 0; i < n; ++i) {
      for (std::size_t j = 0; j <= i; ++j) matrix[i * n + j] = matrix[j * n + i] = normal(random);
    }
    expect_decomposition(matrix, n);
    // Low rank, diagonal, zero and identity matrices: with coinciding eigenvalues.
    for (std::size_t i = 0; i < n; ++i) {
      for (std::size_t j = 0; j < n; ++j)
        matrix[i * n + j] = static_cast<double>((i + 1) * (j + 1));
    }
    expect_decomposition(matrix, n);
    for (std::size_t i = 0; i < n * n; ++i)
      matrix[i] = i % (n + 1) == 0 ? static_cast<double>(i) : 0;
    expect_decomposition(matrix, n);
    matrix.assign(n * n, 0);
    expect_decomposition(matrix, n);
    for (std::size_t i = 0; i < n; ++i) matrix[i * n + i] = 1;
    expect_decomposition(matrix, n);
  }
}

TEST(Eigen, KnowsTheSecondDifference) {
  // tridiag(-1, 2, -1) has the eigenvalues 2 - 2 cos(pi k / (n + 1)).
  const std::size_t n = 40;
  std::vector<double> matrix(n * n);
  for (std::size_t i = 0; i < n; ++i) {
    matrix[i * n + i] = 2;
    if (i > 0) matrix[i * n + i - 1] = matrix[(i - 1) * n + i] = -1;
  }
  std::vector<double> values(n);
  std::vector<double> work(2 * n);
  ASSERT_TRUE(eigen_symmetric(matrix.data(), n, values.data(), work.data()));
  for (std::size_t k = 1; k <= n; ++k) {
    const double angle = 3.14159265358979323846 * static_cast<double>(n + 1 - k) / (n + 1);
    EXPECT_NEAR(values[k - 1], 2 - 2 * std::cos(angle), 1e-12);
  }
}

}  // namespace
}  // namespace fewbits::vectors
