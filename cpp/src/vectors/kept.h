// What an index keeps of a row: decided once, when it is laid out, and asked by name from then on.

#pragma once

#include "fewbits/vectors.h"

namespace fewbits::vectors {

struct Kept {
  /// What the scan reads, and with it the factors.
  enum class Codes {
    even,     ///< every coordinate with the same bits, for look-ups; a float32 factor
    learned,  ///< segments with bits of their own, for look-ups; a float16 factor each
    bytes,    ///< levels of 8 bits, for dot products; a float32 factor
    signs,    ///< bits as they were given, to be compared with others; no factor
  };
  /// What the scan adds to a product with the residual r = x - mean: four more bytes.
  enum class Added {
    none,
    norms,          ///< ||r||^2, for l2
    mean_products,  ///< <mean, r>, for cosine and dot where a mean comes off
  };
  /// What scores the candidates beyond the codes that were scanned.
  enum class Finer {
    none,
    tails,    ///< 32 bits about the outermost cells
    nibbles,  ///< a second code of 4 bits
    bytes,    ///< a second code of 8 bits
  };

  Codes codes = Codes::even;
  Added added = Added::none;
  /// Whether memory, and no file, has the sums of bytes too, which the scan would else compute.
  bool level_sums = false;
  Finer finer = Finer::none;

  /// Whether there is a second code, along the axes of the random rotation.
  bool second_code() const { return finer == Finer::nibbles || finer == Finer::bytes; }
};

/// With a mean or none, by the axes of a learned transform or those of the random rotation.
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
