// Sums of errors in double precision.

#include <cmath>

#include "fewbits/compare.h"

namespace fewbits::compare {

void accumulate(const float* x, const float* y, std::size_t n, Sums* sums) {
  for (std::size_t i = 0; i < n; ++i) {
    const double a = x[i];
    const double b = y[i];
    const double difference = std::fabs(a - b);
    sums->squared += difference * difference;
    sums->absolute += difference;
    // A NaN is stored and stays, since nothing compares greater.
    if (difference > sums->max_abs || std::isnan(difference)) sums->max_abs = difference;
    sums->x_squared += a * a;
    sums->y_squared += b * b;
    sums->product += a * b;
  }
}

}  // namespace fewbits::compare
