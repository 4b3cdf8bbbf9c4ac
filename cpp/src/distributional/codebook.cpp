// Codebooks: thresholds and levels, coding with them, and the errors they cause.

#include "distributional/codebook.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <new>

#include "distributional/kernels.h"
#include "distributional/reference.h"

namespace fewbits::distributional {

struct Codebook::State {
  std::uint32_t n = 0;
  Buffer<float> thresholds;  ///< n - 1, then the NaN that Search requires
  Buffer<float> levels;
  Buffer<std::uint16_t> starts;
  Search search;

  Result make_room(std::size_t cells);
  Result build_search();
};

namespace {

constexpr std::uint32_t kFewCells = 16;
constexpr std::size_t kPiece = 2048;

std::uint32_t bucket_of(const Search& search, float x) {
  const float position = (x - search.low) * search.inverse;
  return position > 0 ? static_cast<std::uint32_t>(std::min(position, search.last)) : 0;
}

std::size_t padding(std::size_t cells) {
  return 2 * std::bit_ceil(cells);
}

}  // namespace

double ErrorSums::mean_absolute() const {
  const double sum = (absolute[0] + absolute[1]) + (absolute[2] + absolute[3]);
  return count > 0 ? sum / static_cast<double>(count) : 0;
}

double ErrorSums::mean_squared() const {
  const double sum = (squared[0] + squared[1]) + (squared[2] + squared[3]);
  return count > 0 ? sum / static_cast<double>(count) : 0;
}

Result Codebook::State::make_room(std::size_t cells) {
  if (!thresholds.reset(cells - 1 + padding(cells)) || !levels.reset(cells)) {
    return failure(Status::out_of_memory);
  }
  n = static_cast<std::uint32_t>(cells);
  return success();
}

Result Codebook::State::build_search() {
  const std::uint32_t count = n - 1;
  for (std::size_t i = count; i < thresholds.size(); ++i) {
    thresholds[i] = std::numeric_limits<float>::quiet_NaN();
  }
  search = {};
  search.thresholds = thresholds.data();
  search.cells = n;
  if (n <= kFewCells) return success();
  // Buckets between the outermost finite thresholds, so narrow that most contain at most one.
  std::uint32_t first = 0;
  std::uint32_t end = count;
  while (first < end && !std::isfinite(thresholds[first])) ++first;
  while (end > first && !std::isfinite(thresholds[end - 1])) --end;
  std::uint32_t buckets = std::min<std::uint32_t>(std::max(4096u, std::bit_ceil(n)), 65536);
  if (first < end) {
    const double range =
        static_cast<double>(thresholds[end - 1]) - static_cast<double>(thresholds[first]);
    search.low = thresholds[first];
    search.inverse = static_cast<float>(buckets / range);
  }
  if (!(search.inverse > 0) || !std::isfinite(search.inverse)) {
    // Without a range to divide there is one bucket. The smallest factor keeps every product below
    // 1 or infinite, and clamping to the last bucket does the rest.
    search.inverse = std::numeric_limits<float>::min();
    buckets = 1;
  }
  search.last = static_cast<float>(buckets - 1);
  if (!starts.reset(buckets)) return failure(Status::out_of_memory);
  std::uint32_t most = 0;
  std::uint32_t passed = 0;
  for (std::uint32_t bucket = 0; bucket < buckets; ++bucket) {
    starts[bucket] = static_cast<std::uint16_t>(passed);
    const std::uint32_t before = passed;
    while (passed < count && bucket_of(search, thresholds[passed]) == bucket) ++passed;
    most = std::max(most, passed - before);
  }
  search.starts = starts.data();
  search.top = std::bit_ceil(most + 1) / 2;
  if (search.top == 0) search.top = 1;
  return success();
}

Codebook::~Codebook() {
  delete state_;
}

Result Codebook::assign(const Formula& formula) {
  if (!valid(formula)) return failure(Status::invalid_argument);
  UnitTable unit;
  const Result made = unit.make(formula.distribution, formula.order, formula.n);
  if (!made.ok()) return made;
  return assign_unit(unit, formula);
}

Result Codebook::assign_unit(const UnitTable& unit, const Formula& formula) {
  if (state_ == nullptr) state_ = new (std::nothrow) State;
  if (state_ == nullptr) return failure(Status::out_of_memory);
  const Result room = state_->make_room(formula.n);
  if (!room.ok()) return room;
  place_thresholds(unit, formula.loc, formula.scale * formula.beta, formula.n,
                   state_->thresholds.data());
  place_levels(unit, formula, state_->levels.data());
  return state_->build_search();
}

Result Codebook::assign_reference(const Formula& formula) {
  if (!valid(formula)) return failure(Status::invalid_argument);
  Buffer<float> thresholds;
  Buffer<float> levels;
  if (!thresholds.reset(formula.n) || !levels.reset(formula.n + 1)) {
    return failure(Status::out_of_memory);
  }
  reference_codebook(formula, thresholds.data(), levels.data());
  return assign(formula.n, thresholds.data(), levels.data());
}

Result Codebook::assign(std::size_t n, const float* thresholds, const float* levels) {
  if (n < 1 || n > kMaxCells + 1) return failure(Status::invalid_argument);
  for (std::size_t i = 0; i + 1 < n; ++i) {
    if (std::isnan(thresholds[i]) || (i > 0 && thresholds[i] < thresholds[i - 1])) {
      return failure(Status::invalid_argument, i);
    }
  }
  if (state_ == nullptr) state_ = new (std::nothrow) State;
  if (state_ == nullptr) return failure(Status::out_of_memory);
  const Result room = state_->make_room(n);
  if (!room.ok()) return room;
  std::copy_n(thresholds, n - 1, state_->thresholds.data());
  std::copy_n(levels, n, state_->levels.data());
  return state_->build_search();
}

std::size_t Codebook::size() const {
  return state_ == nullptr ? 0 : state_->n;
}
const float* Codebook::thresholds() const {
  return state_->thresholds.data();
}
const float* Codebook::levels() const {
  return state_->levels.data();
}

namespace {

template <typename Code>
Result encode_with(const Search& search, const float* levels, const float* x, std::size_t n,
                   Code* codes, ErrorSums* errors) {
  if (errors == nullptr) {
    kernels::encode(search, x, n, codes);
    return success();
  }
  // In pieces that stay in the first-level cache between both steps.
  Errors lanes;
  std::copy_n(errors->absolute, 4, lanes.absolute);
  std::copy_n(errors->squared, 4, lanes.squared);
  for (std::size_t i = 0; i < n; i += kPiece) {
    const std::size_t count = std::min(kPiece, n - i);
    kernels::encode(search, x + i, count, codes + i);
    kernels::add_errors(x + i, codes + i, levels, search.cells, count, errors->count, &lanes);
    errors->count += count;
  }
  std::copy_n(lanes.absolute, 4, errors->absolute);
  std::copy_n(lanes.squared, 4, errors->squared);
  return success();
}

}  // namespace

Result Codebook::encode(const float* x, std::size_t n, std::uint8_t* codes,
                        ErrorSums* errors) const {
  if (size() < 1 || size() > 256) return failure(Status::invalid_argument);
  return encode_with(state_->search, state_->levels.data(), x, n, codes, errors);
}

Result Codebook::encode(const float* x, std::size_t n, std::uint16_t* codes,
                        ErrorSums* errors) const {
  if (size() <= 256 || size() > kMaxCells) return failure(Status::invalid_argument);
  return encode_with(state_->search, state_->levels.data(), x, n, codes, errors);
}

Result Codebook::decode(const std::uint8_t* codes, std::size_t n, float* out) const {
  if (size() < 1 || size() > 256) return failure(Status::invalid_argument);
  // A single comparison at the end lets compilers vectorise the loop; 256 levels allow every code.
  std::uint8_t largest = 0;
  for (std::size_t i = 0; size() < 256 && i < n; ++i) largest = std::max(largest, codes[i]);
  if (largest >= size()) {
    const std::uint8_t* bad =
        std::find_if(codes, codes + n, [&](std::uint8_t code) { return code >= size(); });
    return failure(Status::corrupt_data, static_cast<std::size_t>(bad - codes));
  }
  kernels::decode(codes, levels(), size(), n, out);
  return success();
}

Result Codebook::decode(const std::uint16_t* codes, std::size_t n, float* out) const {
  if (size() <= 256 || size() > kMaxCells) return failure(Status::invalid_argument);
  for (std::size_t i = 0; i < n; ++i) {
    if (codes[i] >= size()) return failure(Status::corrupt_data, i);
    out[i] = levels()[codes[i]];
  }
  return success();
}

}  // namespace fewbits::distributional
