// Blocks with their own parameters over one codebook of the unit distribution.

#include <algorithm>
#include <new>

#include "distributional/codebook.h"
#include "distributional/kernels.h"
#include "distributional/placement.h"
#include "fewbits/distributional.h"

namespace fewbits::distributional {

struct BlockCodebook::State {
  Formula formula;
  bool has_zero = false;
  double zero = 0;
  UnitTable unit;
  Buffer<double> positions;
  Buffer<float> thresholds;
  Buffer<float> levels;
  Buffer<float> sorted;

  void place_block(double loc, double scale) {
    place_thresholds(unit, loc, scale * formula.beta, formula.n, thresholds.data());
    place_block_levels(loc, scale);
  }
  void place_block_levels(double loc, double scale) {
    for (std::uint32_t j = 0; j < formula.n; ++j) {
      levels[j] = place_position(positions[j], loc, scale);
      if (j > 0) levels[j] = std::max(levels[j], levels[j - 1]);
    }
  }

  template <typename Code>
  Result encode(const float* x, std::size_t n, std::size_t block, float* locs, float* scales,
                Code* codes, ErrorSums* errors);
  template <typename Code>
  Result decode(const Code* codes, std::size_t n, std::size_t block, const float* locs,
                const float* scales, float* out);
};

template <typename Code>
Result BlockCodebook::State::encode(const float* x, std::size_t n, std::size_t block, float* locs,
                                    float* scales, Code* codes, ErrorSums* errors) {
  if (block < 1) return failure(Status::invalid_argument);
  const bool quartiles = formula.distribution == Distribution::cauchy_cdf;
  if (quartiles && sorted.size() < std::min(block, n) && !sorted.reset(std::min(block, n))) {
    return failure(Status::out_of_memory);
  }
  Errors lanes;
  if (errors != nullptr) {
    std::copy_n(errors->absolute, 4, lanes.absolute);
    std::copy_n(errors->squared, 4, lanes.squared);
  }
  for (std::size_t begin = 0; begin < n; begin += block) {
    const std::size_t count = std::min(block, n - begin);
    Statistics statistics;
    std::size_t bad = 0;
    if (!statistics_of(x + begin, count, quartiles ? sorted.data() : nullptr, &statistics, &bad)) {
      return failure(Status::non_finite, begin + bad);
    }
    double loc = 0;
    double scale = 0;
    place(formula.distribution, statistics, has_zero ? &zero : nullptr, &loc, &scale);
    locs[begin / block] = static_cast<float>(loc);
    scales[begin / block] = static_cast<float>(scale);
    place_block(loc, scale);
    Search search;
    search.thresholds = thresholds.data();
    search.cells = formula.n;
    // For a single block, building a table of buckets would cost more than it saves.
    if (formula.n <= 16) {
      kernels::encode(search, x + begin, count, codes + begin);
    } else {
      scalar::encode(search, x + begin, count, codes + begin);
    }
    if (errors != nullptr) {
      kernels::add_errors(x + begin, codes + begin, levels.data(), formula.n, count, errors->count,
                          &lanes);
      errors->count += count;
    }
  }
  if (errors != nullptr) {
    std::copy_n(lanes.absolute, 4, errors->absolute);
    std::copy_n(lanes.squared, 4, errors->squared);
  }
  return success();
}

template <typename Code>
Result BlockCodebook::State::decode(const Code* codes, std::size_t n, std::size_t block,
                                    const float* locs, const float* scales, float* out) {
  if (block < 1) return failure(Status::invalid_argument);
  for (std::size_t begin = 0; begin < n; begin += block) {
    const std::size_t count = std::min(block, n - begin);
    place_block_levels(static_cast<double>(locs[begin / block]),
                       static_cast<double>(scales[begin / block]));
    for (std::size_t i = begin; i < begin + count; ++i) {
      if (codes[i] >= formula.n) return failure(Status::corrupt_data, i);
      out[i] = levels[codes[i]];
    }
  }
  return success();
}

BlockCodebook::~BlockCodebook() {
  delete state_;
}

Result BlockCodebook::assign(const Formula& shared, const double* zero) {
  if (!valid(shared)) return failure(Status::invalid_argument);
  if (state_ == nullptr) state_ = new (std::nothrow) State;
  if (state_ == nullptr) return failure(Status::out_of_memory);
  State& s = *state_;
  s.formula = shared;
  s.has_zero = zero != nullptr;
  if (zero != nullptr) s.zero = *zero;
  const Result made = s.unit.make(shared.distribution, shared.order, shared.n);
  if (!made.ok()) return made;
  if (!s.positions.reset(shared.n) || !s.thresholds.reset(shared.n) || !s.levels.reset(shared.n)) {
    return failure(Status::out_of_memory);
  }
  for (std::uint32_t j = 0; j < shared.n; ++j) s.positions[j] = unit_position(s.unit, shared, j);
  return success();
}

Result BlockCodebook::encode(const float* x, std::size_t n, std::size_t block, float* locs,
                             float* scales, std::uint8_t* codes, ErrorSums* errors) {
  if (state_ == nullptr || state_->formula.n > 256) return failure(Status::invalid_argument);
  return state_->encode(x, n, block, locs, scales, codes, errors);
}
Result BlockCodebook::encode(const float* x, std::size_t n, std::size_t block, float* locs,
                             float* scales, std::uint16_t* codes, ErrorSums* errors) {
  if (state_ == nullptr || state_->formula.n <= 256) return failure(Status::invalid_argument);
  return state_->encode(x, n, block, locs, scales, codes, errors);
}

Result BlockCodebook::decode(const std::uint8_t* codes, std::size_t n, std::size_t block,
                             const float* locs, const float* scales, float* out) {
  if (state_ == nullptr || state_->formula.n > 256) return failure(Status::invalid_argument);
  return state_->decode(codes, n, block, locs, scales, out);
}
Result BlockCodebook::decode(const std::uint16_t* codes, std::size_t n, std::size_t block,
                             const float* locs, const float* scales, float* out) {
  if (state_ == nullptr || state_->formula.n <= 256) return failure(Status::invalid_argument);
  return state_->decode(codes, n, block, locs, scales, out);
}

}  // namespace fewbits::distributional
