// The values of beta that the original tries, with a grid of their own for the Cauchy distribution.

#include "fewbits/distributional.h"

namespace fewbits::distributional {
namespace {

// Logarithmic spacing, three decimals: 10 values from 10^-1 to 10^-0.1, 15 from 10^-0.07 to
// 10^0.07, 10 from 10^0.1 to 10, and 0.99 and 1.01.
constexpr double kGrid[] = {0.1,   0.126, 0.158, 0.2,   0.251, 0.316, 0.398, 0.501, 0.631, 0.794,
                            0.851, 0.871, 0.891, 0.912, 0.933, 0.955, 0.977, 0.99,  1.0,   1.01,
                            1.023, 1.047, 1.072, 1.096, 1.122, 1.148, 1.175, 1.259, 1.585, 1.995,
                            2.512, 3.162, 3.981, 5.012, 6.31,  7.943, 10.0};
// 31 values from 10^-3 to 10^3.
constexpr double kGridCauchy[] = {0.001,  0.002, 0.003,   0.004,   0.006,   0.01,    0.016,  0.025,
                                  0.04,   0.063, 0.1,     0.158,   0.251,   0.398,   0.631,  1.0,
                                  1.585,  2.512, 3.981,   6.31,    10.0,    15.849,  25.119, 39.811,
                                  63.096, 100.0, 158.489, 251.189, 398.107, 630.957, 1000.0};

}  // namespace

std::size_t beta_grid(Distribution distribution, const double** values) {
  if (distribution == Distribution::cauchy_cdf) {
    *values = kGridCauchy;
    return sizeof(kGridCauchy) / sizeof(kGridCauchy[0]);
  }
  *values = kGrid;
  return sizeof(kGrid) / sizeof(kGrid[0]);
}

}  // namespace fewbits::distributional
