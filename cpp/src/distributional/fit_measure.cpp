// The errors of a batch of candidates, measured on the data.

#include <algorithm>

#include "distributional/fit_state.h"

namespace fewbits::distributional {

Result Fit::State::set_books() {
  Buffer<float> reference_thresholds;
  Buffer<float> reference_levels;
  for (std::size_t i = 0; i < batch_count; ++i) {
    const Candidate& c = candidates[batch[i]];
    Formula f = place_whole(c.distribution);
    f.beta = c.beta;
    errors[i] = {};
    if (options.block > 0) {
      const Result set = block_books[i].assign(f, options.has_zero ? &options.zero : nullptr);
      if (!set.ok()) return set;
      continue;
    }
    if (options.reference && f.scale > 0 && statistics.deviation > 0) {
      if (!reference_thresholds.reset(f.n) || !reference_levels.reset(f.n + 1)) {
        return failure(Status::out_of_memory);
      }
      reference_codebook(f, reference_thresholds.data(), reference_levels.data());
      // With the index n, unless it does not fit 16 bits.
      const std::size_t cells = f.n < kMaxCells ? f.n + 1 : f.n;
      const Result set =
          books[i].assign(cells, reference_thresholds.data(), reference_levels.data());
      if (!set.ok()) return set;
      continue;
    }
    UnitTable* const unit = unit_of(f.distribution);
    if (unit == nullptr) return failure(Status::out_of_memory);
    const Result set = books[i].assign_unit(*unit, f);
    if (!set.ok()) return set;
  }
  return success();
}

Result Fit::State::measure(const float* x, std::size_t n) {
  std::uint8_t codes8[kPiece];
  std::uint16_t codes16[kPiece];
  for (std::size_t begin = 0; begin < n; begin += kPiece) {
    const std::size_t piece = std::min(kPiece, n - begin);
    for (std::size_t i = 0; i < batch_count; ++i) {
      const Result encoded = books[i].size() <= 256
                                 ? books[i].encode(x + begin, piece, codes8, &errors[i])
                                 : books[i].encode(x + begin, piece, codes16, &errors[i]);
      if (!encoded.ok()) return encoded;
    }
  }
  return success();
}

Result Fit::State::measure_blocks(const float* x, std::size_t n) {
  // Whole blocks that make about one piece.
  const std::size_t blocks = std::max<std::size_t>(1, kPiece / options.block);
  const std::size_t piece = blocks > n / options.block ? n : blocks * options.block;
  if (block_parameters.size() < 2 * blocks && !block_parameters.reset(2 * blocks)) {
    return failure(Status::out_of_memory);
  }
  const bool wide = options.n > 256;
  if (wide ? block_codes16.size() < piece && !block_codes16.reset(piece)
           : block_codes.size() < piece && !block_codes.reset(piece)) {
    return failure(Status::out_of_memory);
  }
  float* const locs = block_parameters.data();
  float* const scales = locs + blocks;
  for (std::size_t begin = 0; begin < n; begin += piece) {
    const std::size_t part = std::min(piece, n - begin);
    for (std::size_t i = 0; i < batch_count; ++i) {
      const Result encoded = wide ? block_books[i].encode(x + begin, part, options.block, locs,
                                                          scales, block_codes16.data(), &errors[i])
                                  : block_books[i].encode(x + begin, part, options.block, locs,
                                                          scales, block_codes.data(), &errors[i]);
      if (!encoded.ok()) return encoded;
    }
  }
  return success();
}

void Fit::State::finish_measure() {
  for (std::size_t i = 0; i < batch_count; ++i) {
    Candidate& c = candidates[batch[i]];
    const double n = static_cast<double>(count);
    const double mean_error = options.order == 1 || options.reference ? errors[i].mean_absolute()
                                                                      : errors[i].mean_squared();
    // The package compares float32 means.
    c.lower = c.upper =
        options.reference ? static_cast<double>(static_cast<float>(mean_error)) : mean_error * n;
    c.measured = true;
    ++measured;
  }
}

}  // namespace fewbits::distributional
