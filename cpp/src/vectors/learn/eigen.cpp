// Householder's reduction and the implicit QL iteration.

#include "vectors/learn/eigen.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace fewbits::vectors {
namespace {

/// Reduces to tridiagonal form: the diagonal in d, the subdiagonal in e (e[0] unused). Row i of `a`
/// keeps the Householder vector of step i, from which accumulate() builds the basis. Works on the
/// lower triangle, by rows.
void tridiagonalise(double* a, std::size_t n, double* d, double* e) {
  for (std::size_t i = n - 1; i > 0; --i) {
    double* row = a + i * n;
    double square = 0;
    for (std::size_t k = 0; k < i; ++k) square += row[k] * row[k];
    const double tail = square - row[i - 1] * row[i - 1];
    if (tail <= std::numeric_limits<double>::min()) {
      e[i] = row[i - 1];
      for (std::size_t k = 0; k < i; ++k) row[k] = 0;  // no reflection
      continue;
    }
    // v = x + sign(x_last) |x| e_last, scaled so that H = I - v v'
    const double norm = std::sqrt(square);
    const double last = row[i - 1];
    const double alpha = last >= 0 ? -norm : norm;
    e[i] = alpha;
    row[i - 1] = last - alpha;
    const double scale = 1 / std::sqrt(square - last * alpha);
    for (std::size_t k = 0; k < i; ++k) row[k] *= scale;
    // p = A v of the leading block, from its lower triangle
    for (std::size_t k = 0; k < i; ++k) d[k] = 0;
    for (std::size_t r = 0; r < i; ++r) {
      const double* a_row = a + r * n;
      double sum = a_row[r] * row[r];
      for (std::size_t c = 0; c < r; ++c) {
        sum += a_row[c] * row[c];
        d[c] += a_row[c] * row[r];
      }
      d[r] += sum;
    }
    double half = 0;
    for (std::size_t k = 0; k < i; ++k) half += d[k] * row[k];
    half /= 2;
    for (std::size_t k = 0; k < i; ++k) d[k] -= half * row[k];
    for (std::size_t r = 0; r < i; ++r) {
      double* a_row = a + r * n;
      for (std::size_t c = 0; c <= r; ++c) a_row[c] -= row[r] * d[c] + d[r] * row[c];
    }
  }
  e[0] = 0;
}

/// Converts the Householder vectors to the orthogonal matrix whose columns are the basis; the
/// diagonal moves to d.
void accumulate(double* a, std::size_t n, double* d, double* sums) {
  for (std::size_t i = 0; i < n; ++i) {
    double* v = a + i * n;
    // The leading i x i block is already the product of the earlier reflections; apply this one.
    std::fill_n(sums, i, 0.0);
    for (std::size_t r = 0; r < i; ++r) {
      for (std::size_t c = 0; c < i; ++c) sums[c] += v[r] * a[r * n + c];
    }
    for (std::size_t r = 0; r < i; ++r) {
      for (std::size_t c = 0; c < i; ++c) a[r * n + c] -= v[r] * sums[c];
    }
    d[i] = v[i];
    for (std::size_t k = 0; k < i; ++k) {
      v[k] = 0;
      a[k * n + i] = 0;
    }
    v[i] = 1;
  }
}

/// QL with implicit shifts; `q` is transposed: row j becomes the vector of d[j].
bool iterate(double* q, std::size_t n, double* d, double* e) {
  for (std::size_t i = 1; i < n; ++i) e[i - 1] = e[i];
  e[n - 1] = 0;
  for (std::size_t l = 0; l < n; ++l) {
    for (int round = 0;; ++round) {
      std::size_t m = l;
      for (; m + 1 < n; ++m) {
        const double size = std::fabs(d[m]) + std::fabs(d[m + 1]);
        if (std::fabs(e[m]) <= std::numeric_limits<double>::epsilon() * size) break;
      }
      if (m == l) break;
      if (round == 60) return false;
      double g = (d[l + 1] - d[l]) / (2 * e[l]);
      const double root = std::hypot(g, 1.0);
      g = d[m] - d[l] + e[l] / (g + (g >= 0 ? root : -root));
      double s = 1;
      double c = 1;
      double p = 0;
      std::size_t i = m;
      bool split = false;
      while (i-- > l) {
        const double f = s * e[i];
        const double b = c * e[i];
        const double r = std::hypot(f, g);
        e[i + 1] = r;
        if (r == 0) {  // a rotation vanishes: the matrix falls apart here
          d[i + 1] -= p;
          e[m] = 0;
          split = true;
          break;
        }
        s = f / r;
        c = g / r;
        g = d[i + 1] - p;
        const double t = (d[i] - g) * s + 2 * c * b;
        p = s * t;
        d[i + 1] = g + p;
        g = c * t - b;
        double* low = q + i * n;
        double* high = low + n;
        for (std::size_t k = 0; k < n; ++k) {
          const double x = high[k];
          high[k] = s * low[k] + c * x;
          low[k] = c * low[k] - s * x;
        }
      }
      if (split) continue;
      d[l] -= p;
      e[l] = g;
      e[m] = 0;
    }
  }
  return true;
}

void transpose(double* a, std::size_t n) {
  for (std::size_t i = 0; i < n; ++i) {
    for (std::size_t j = 0; j < i; ++j) std::swap(a[i * n + j], a[j * n + i]);
  }
}

}  // namespace

bool eigen_symmetric(double* a, std::size_t n, double* values, double* work) {
  tridiagonalise(a, n, values, work);
  accumulate(a, n, values, work + n);
  transpose(a, n);
  if (!iterate(a, n, values, work)) return false;
  for (std::size_t i = 0; i < n; ++i) {
    const auto* largest = std::max_element(values + i, values + n);
    const auto j = static_cast<std::size_t>(largest - values);
    if (j == i) continue;
    std::swap(values[i], values[j]);
    std::swap_ranges(a + i * n, a + (i + 1) * n, a + j * n);
  }
  transpose(a, n);
  return true;
}

}  // namespace fewbits::vectors
