// Eigenvalues and eigenvectors of symmetric matrices.

#pragma once

#include <cstddef>

namespace fewbits::vectors {

/// Computes eigenvalues and eigenvectors of a symmetric n x n matrix: Householder's reduction to
/// tridiagonal form, then the implicit QL iteration (Golub and Van Loan, Matrix Computations, 8.3).
/// On return column j of `a` is the vector of values[j], largest first. `work` needs 2n values.
/// False when the iteration does not converge, which does not happen for finite input.
bool eigen_symmetric(double* a, std::size_t n, double* values, double* work);

}  // namespace fewbits::vectors
