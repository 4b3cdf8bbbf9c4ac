// The data that an index stores per row, decided once when the index is laid out.

#pragma once

#include "fewbits/vectors.h"

namespace fewbits::vectors {

struct Kept {
  /// The data that the scan reads, which determine the factors.
  enum class Codes {
    even,     ///< every coordinate with the same bits, for look-ups; a float32 factor
    learned,  ///< segments with different bits, for look-ups; a float16 factor each
    bytes,    ///< levels of 8 bits, for dot products; a float32 factor
    signs,    ///< bits as passed by the caller, for comparing; no factor
  };
  /// The values that the scan adds to a product with the residual r = x - mean: four more bytes.
  enum class Added {
    none,
    norms,          ///< ||r||^2, for l2
    mean_products,  ///< <mean, r>, for cosine and dot with a mean
  };
  /// The data that score candidates more precisely than the scanned codes.
  enum class Finer {
    none,
    tails,    ///< 32 bits that refine the outermost cells
    nibbles,  ///< a second code of 4 bits
    bytes,    ///< a second code of 8 bits
  };

  Codes codes = Codes::even;
  Added added = Added::none;
  /// Whether memory, but no file, also holds the sums of levels, which the scan would otherwise
  /// compute.
  bool level_sums = false;
  Finer finer = Finer::none;

  /// Whether there is a second code, along the axes of the random rotation.
  bool second_code() const { return finer == Finer::nibbles || finer == Finer::bytes; }
};

/// The data for an index with or without a mean, and with learned axes or the random rotation.
inline Kept kept_by(const Options& options, bool centred, bool learned) {
  Kept kept;
  if (options.metric == Metric::hamming) {
    kept.codes = Kept::Codes::signs;
    return kept;
  }
  if (learned) {
    kept.codes = Kept::Codes::learned;
  } else if (options.bits == 8) {
    kept.codes = Kept::Codes::bytes;
  }
  if (options.metric == Metric::l2) {
    kept.added = Kept::Added::norms;
  } else if (centred && options.mean_products) {
    kept.added = Kept::Added::mean_products;
  }
  kept.level_sums = kept.codes == Kept::Codes::bytes && options.metric != Metric::l2;
  if (options.refine_bits != 0) {
    kept.finer = options.refine_bits == 8 ? Kept::Finer::bytes : Kept::Finer::nibbles;
  } else if (!learned && options.tails && options.bits == 4 && options.scale_search) {
    kept.finer = Kept::Finer::tails;
  }
  return kept;
}

}  // namespace fewbits::vectors
