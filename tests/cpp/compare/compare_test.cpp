// Sums of errors: the same in pieces as for the whole, and with NaN.

#include "fewbits/compare.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

namespace fewbits::compare {
namespace {

TEST(Error, SumsAddUpOverPieces) {
  const float x[] = {1, -2, 3, 0};
  const float y[] = {1.5f, -2, 2, -1};
  Sums sums;
  accumulate(x, y, 1, &sums);
  accumulate(x + 1, y + 1, 3, &sums);
  EXPECT_DOUBLE_EQ(sums.squared, 0.25 + 1 + 1);
  EXPECT_DOUBLE_EQ(sums.absolute, 2.5);
  EXPECT_DOUBLE_EQ(sums.max_abs, 1);
  EXPECT_DOUBLE_EQ(sums.x_squared, 14);
  EXPECT_DOUBLE_EQ(sums.y_squared, 2.25 + 4 + 4 + 1);
  EXPECT_DOUBLE_EQ(sums.product, 1.5 + 4 + 6);
}

TEST(Error, NaNStays) {
  const float x[] = {std::numeric_limits<float>::quiet_NaN(), 1};
  const float y[] = {0, 0};
  Sums sums;
  accumulate(x, y, 2, &sums);
  EXPECT_TRUE(std::isnan(sums.squared));
  EXPECT_TRUE(std::isnan(sums.max_abs));
}

}  // namespace
}  // namespace fewbits::compare
