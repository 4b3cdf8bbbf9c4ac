#include <algorithm>
#include <cmath>
#include <cstring>
#include <memory>
#include <new>

#include "base/finite.h"
#include "floats/half.h"
#include "vectors/code/encode.h"
#include "vectors/code/tails.h"
#include "vectors/learn/calibrate.h"
#include "vectors/state.h"

namespace fewbits::vectors {

bool Index::State::init(const Options& wanted) {
  options = wanted;
  const std::size_t dims = options.dims;
  const std::size_t padded = round_up(dims, 16);
  if (!transform.init(dims, options.seed) || !centred.resize(dims) || !rotated.resize(dims) ||
      !fixed.resize(padded) || !vector_codes.resize(padded) || !levels.resize(padded)) {
    return false;
  }
  if (options.refine_bits != 0) {
    const Segment whole{static_cast<std::uint32_t>(dims), 4, 1.0f};
    if (!refine_layout.init(&whole, 1)) return false;
    refine_bytes = options.refine_bits == 8 ? dims : refine_layout.row_bytes();
    refine = Records(round_up(kBlockRows * refine_bytes, 16) + kBlockRows * sizeof(float));
  }
  return lay_out_evenly();
}

/// How rows are coded from now on: along the axes of `matrix`, or rotated at random where there is
/// none. False when memory is short; then nothing has changed.
bool Index::State::lay_out(Buffer<Segment> wanted, Buffer<float> matrix) {
  const bool by_axes = matrix.data() != nullptr;
  const bool dots = !by_axes && options.bits == 8;
  Layout wanted_layout;
  Buffer<float> wanted_scales;
  if (!wanted_layout.init(wanted.data(), wanted.size()) ||
      !wanted_scales.resize(wanted_layout.segments())) {
    return false;
  }
  const std::size_t bytes = dots ? round_up(options.dims, 16) : wanted_layout.row_bytes();
  Buffer<std::uint8_t> room;
  if (!room.resize(kColumnRows * bytes)) return false;

  std::size_t coded = 0;
  for (std::size_t i = 0; i < wanted.size(); ++i) {
    if (wanted[i].bits != 0) wanted_scales[coded++] = wanted[i].scale;
  }
  transform.set_matrix(std::move(matrix));
  segments = std::move(wanted);
  layout = std::move(wanted_layout);
  scales = std::move(wanted_scales);
  packed = std::move(room);
  learned = by_axes;
  by_dot = dots;
  row_bytes = bytes;
  factor_offset = row_bytes * kBlockRows;
  const std::size_t factor_bytes =
      kBlockRows * (learned ? layout.segments() * sizeof(std::uint16_t) : sizeof(float));
  extra_offset = factor_offset + factor_bytes;
  const bool extra = by_dot || options.metric == Metric::l2;
  tails_offset = extra_offset + (extra ? kBlockRows * 4 : 0);
  has_tails = tails_fit() && !learned;
  main = Records(tails_offset + (has_tails ? kBlockRows * sizeof(std::uint32_t) : 0));
  return true;
}

/// Rotated at random, every coordinate with the same bits.
bool Index::State::lay_out_evenly() {
  const Segment whole{static_cast<std::uint32_t>(options.dims),
                      static_cast<std::uint32_t>(options.bits), 1.0f};
  Buffer<Segment> one;
  return one.assign(&whole, 1) && lay_out(std::move(one), Buffer<float>());
}

/// Whether codes with even bits have tails.
bool Index::State::tails_fit() const {
  return options.tails && options.bits == 4 && options.scale_search && options.refine_bits == 0;
}

Result Index::State::reserve(std::size_t wanted) {
  if (wanted > kMaxRows) return failure(Status::out_of_memory);
  const std::size_t blocks = (wanted + kBlockRows - 1) / kBlockRows;
  if (blocks > removed.size() &&
      !removed.resize_zeroed(std::max(blocks, removed.size() + removed.size() / 4))) {
    return failure(Status::out_of_memory);
  }
  const std::size_t before = main.capacity();
  if (!main.reserve(blocks)) return failure(Status::out_of_memory);
  if (options.refine_bits != 0 && !refine.reserve(blocks)) {
    main.shrink(before);
    return failure(Status::out_of_memory);
  }
  return success();
}

/// `x`, or in `centred` what it is times the power of two that brings its square into a float.
Index::State::Centred Index::State::to_range(const float* x, float square) {
  const std::size_t dims = options.dims;
  if (square >= 1e-24f && square <= 1e30f) {
    const double norm = std::sqrt(static_cast<double>(square));
    return {x, norm, norm};
  }
  float largest = 0;
  for (std::size_t i = 0; i < dims; ++i) largest = std::max(largest, std::fabs(x[i]));
  if (largest == 0) return {x, 0, 0};
  const int exponent = std::ilogb(largest);
  float* scaled = centred.data();
  for (std::size_t i = 0; i < dims; ++i) scaled[i] = std::ldexp(x[i], -exponent);
  const double own = std::sqrt(static_cast<double>(kernels::sum_squares(scaled, dims)));
  return {scaled, own, std::ldexp(own, exponent)};
}

/// non_finite and invalid_argument (a norm that is too large) as add() gives them.
Result Index::State::centre(const float* x, Centred* vector) {
  const std::size_t dims = options.dims;
  const float square = kernels::sum_squares(x, dims);
  if (!std::isfinite(square)) {
    const std::size_t bad = first_non_finite(x, dims);
    if (bad < dims) return failure(Status::non_finite, bad);
  }
  const float* mean = transform.mean();
  float* out = centred.data();
  if (options.metric == Metric::cosine || mean == nullptr) *vector = to_range(x, square);
  if (options.metric == Metric::cosine) {
    if (mean == nullptr) return success();
    const auto inverse = static_cast<float>(vector->own > 0 ? 1.0 / vector->own : 0.0);
    for (std::size_t i = 0; i < dims; ++i) {
      out[i] = inverse > 0 ? vector->x[i] * inverse - mean[i] : 0.0f;
    }
    *vector = to_range(out, kernels::sum_squares(out, dims));
    return success();
  }
  if (mean != nullptr) {
    for (std::size_t i = 0; i < dims; ++i) out[i] = x[i] - mean[i];
    *vector = to_range(out, kernels::sum_squares(out, dims));
  }
  if (!(vector->norm <= kLargestNorm)) return failure(Status::invalid_argument);
  return success();
}

void Index::State::put_codes(std::size_t row, std::size_t count, const std::uint8_t* from) {
  const std::size_t slot = row % kBlockRows;
  if (by_dot) {
    std::memcpy(block(row) + slot * row_bytes, from, count * row_bytes);
    return;
  }
  std::uint8_t* to = block(row) + slot;
  if (count == kColumnRows) {
    kernels::to_columns(from, row_bytes, to);
    return;
  }
  for (std::size_t i = 0; i < count; ++i) {
    for (std::size_t p = 0; p < row_bytes; ++p) to[p * kBlockRows + i] = from[i * row_bytes + p];
  }
}

void Index::State::get_codes(std::size_t row, std::size_t count, std::uint8_t* to) const {
  const std::size_t slot = row % kBlockRows;
  if (by_dot) {
    std::memcpy(to, block(row) + slot * row_bytes, count * row_bytes);
    return;
  }
  const std::uint8_t* from = block(row) + slot;
  if (count == kColumnRows) {
    kernels::from_columns(from, row_bytes, to);
    return;
  }
  for (std::size_t i = 0; i < count; ++i) {
    for (std::size_t p = 0; p < row_bytes; ++p) to[i * row_bytes + p] = from[p * kBlockRows + i];
  }
}

namespace {

/// What brings values of this norm to fixed point.
float to_sigma(double norm, std::size_t dims) {
  if (!(norm > 0)) return 0;
  return static_cast<float>(static_cast<double>(kFixedOne) * std::sqrt(static_cast<double>(dims)) /
                            norm);
}

/// ||r|| / <L, o>, what makes <y, L> an unbiased estimate of <y, r>.
double unbiased_factor(const CodeSums& sums, double norm, std::size_t dims) {
  if (sums.product <= 0) return 0;
  return norm * static_cast<double>(kFixedOne) * std::sqrt(static_cast<double>(dims)) /
         static_cast<double>(sums.product);
}

/// <r, L> / <L, L>, what brings the levels nearest to r.
double nearest_factor(const CodeSums& sums, double norm, std::size_t dims) {
  if (sums.product <= 0) return 0;
  return norm * static_cast<double>(sums.product) /
         (static_cast<double>(kFixedOne) * std::sqrt(static_cast<double>(dims)) *
          static_cast<double>(sums.square));
}

}  // namespace

/// Codes go to `to`, all else into the record of the row.
void Index::State::encode_row(std::size_t row, const Centred& vector, std::uint8_t* to) {
  const std::size_t dims = options.dims;
  transform.rotate(vector.x, rotated.data());
  std::uint8_t* block_at = block(row);
  const std::size_t slot = row % kBlockRows;
  double norm = vector.norm;
  if (options.metric == Metric::cosine && transform.mean() == nullptr) norm = norm > 0 ? 1 : 0;
  // `rotated` to its true size
  const double stretch = vector.own > 0 ? norm / vector.own : 0;
  CodeSums whole;
  for (std::size_t s = 0; s < layout.segments(); ++s) {
    const CodedSegment& segment = layout.segment(s);
    const float* values = rotated.data() + segment.dim;
    const double part =
        learned ? std::sqrt(static_cast<double>(kernels::sum_squares(values, segment.dims)))
                : vector.own;
    kernels::to_fixed(values, segment.dims, to_sigma(part, segment.dims), fixed.data());
    const auto [sums, multiplier] = encode(fixed.data(), segment.dims, *segment.book,
                                           options.scale_search, vector_codes.data() + segment.dim);
    if (learned) {
      const double factor =
          nearest_factor(sums, part * stretch, segment.dims) / static_cast<double>(scales[s]);
      half_factors(block_at, s)[slot] =
          floats::f16_from_f32(static_cast<float>(std::min(factor, 65504.0)));
    } else {
      factors(block_at)[slot] = static_cast<float>(unbiased_factor(sums, norm, dims));
      whole = sums;
      if (has_tails) {
        tails(block_at)[slot] = encode_tails(fixed.data(), vector_codes.data(), dims, multiplier);
      }
    }
  }
  if (by_dot) {
    for (std::size_t i = 0; i < dims; ++i) to[i] = vector_codes[i] ^ 0x80;  // the levels themselves
    std::memset(to + dims, 0, row_bytes - dims);
  } else {
    layout.pack(vector_codes.data(), to);
  }
  if (options.metric == Metric::l2) {
    set_extra(block_at, slot, static_cast<float>(norm * norm));
  } else if (by_dot) {
    set_extra(block_at, slot, static_cast<std::int32_t>(whole.level));
  }
  if (options.refine_bits != 0) encode_refine(row, vector, norm);
}

void Index::State::encode_refine(std::size_t row, const Centred& vector, double norm) {
  const std::size_t dims = options.dims;
  // Along learned axes values differ too much for the one scale that the finer code has.
  if (learned) transform.rotation().apply(vector.x, rotated.data());
  kernels::to_fixed(rotated.data(), dims, to_sigma(vector.own, dims), fixed.data());
  const CodeSums sums = encode(fixed.data(), dims, *codebook(options.refine_bits),
                               options.scale_search, vector_codes.data())
                            .sums;
  std::uint8_t* to = refine_codes(row);
  if (options.refine_bits == 8) {
    for (std::size_t i = 0; i < dims; ++i) to[i] = vector_codes[i] ^ 0x80;
  } else {
    refine_layout.pack(vector_codes.data(), to);
  }
  *refine_factor(row) = static_cast<float>(unbiased_factor(sums, norm, dims));
}

void Index::State::copy_row(std::size_t from, std::size_t to) {
  get_codes(from, 1, packed.data());
  put_codes(to, 1, packed.data());
  std::uint8_t* source = block(from);
  std::uint8_t* target = block(to);
  const std::size_t a = from % kBlockRows;
  const std::size_t b = to % kBlockRows;
  if (learned) {
    for (std::size_t s = 0; s < layout.segments(); ++s) {
      half_factors(target, s)[b] = half_factors(source, s)[a];
    }
  } else {
    factors(target)[b] = factors(source)[a];
  }
  if (by_dot || options.metric == Metric::l2) {
    std::memcpy(target + extra_offset + 4 * b, source + extra_offset + 4 * a, 4);
  }
  if (has_tails) tails(target)[b] = tails(source)[a];
  if (options.refine_bits != 0) {
    std::memmove(refine_codes(to), refine_codes(from), refine_bytes);
    *refine_factor(to) = *refine_factor(from);
  }
}

void Index::State::levels_of(std::size_t row, std::int8_t* out) const {
  const std::uint8_t* at = block(row);
  const std::size_t slot = row % kBlockRows;
  if (by_dot) {
    std::memcpy(out, at + slot * row_bytes, options.dims);
  } else {
    layout.unpack(at + slot, kBlockRows, out, options.dims);
  }
}

void Index::State::refine_levels_of(std::size_t row, std::int8_t* out) const {
  if (options.refine_bits == 8) {
    std::memcpy(out, refine_codes(row), options.dims);
  } else {
    refine_layout.unpack(refine_codes(row), 1, out, options.dims);
  }
}

Index* Index::create(const Options& options, Result* result) {
  const bool valid =
      options.dims >= 1 && options.dims <= kMaxDims &&
      (options.bits == 1 || options.bits == 2 || options.bits == 4 || options.bits == 8) &&
      (options.refine_bits == 0 || options.refine_bits == 4 || options.refine_bits == 8) &&
      static_cast<int>(options.metric) >= 0 && static_cast<int>(options.metric) <= 2;
  if (!valid) {
    *result = failure(Status::invalid_argument);
    return nullptr;
  }
  State* state = new (std::nothrow) State;
  if (state != nullptr && state->init(options)) {
    Index* index = new (std::nothrow) Index(state);
    if (index != nullptr) {
      *result = success();
      return index;
    }
  }
  delete state;
  *result = failure(Status::out_of_memory);
  return nullptr;
}

Index::~Index() {
  delete state_;
}

const Options& Index::options() const {
  return state_->options;
}
std::size_t Index::rows() const {
  return state_->rows;
}
std::size_t Index::size() const {
  return state_->alive;
}
bool Index::is_removed(std::size_t row) const {
  return state_->is_removed(row);
}

std::size_t Index::bytes() const {
  const State& s = *state_;
  return sizeof(State) + s.main.bytes() + s.refine.bytes() + s.removed.bytes() +
         s.transform.bytes() + s.centred.bytes() + s.rotated.bytes() + s.fixed.bytes() +
         s.vector_codes.bytes() + s.packed.bytes() + s.levels.bytes();
}

Result Index::reserve(std::size_t rows) {
  return state_->reserve(rows);
}

Result Index::check(const float* x, std::size_t n) {
  State& s = *state_;
  for (std::size_t i = 0; i < n * s.options.dims; i += s.options.dims) {
    State::Centred vector;
    const Result checked = s.centre(x + i, &vector);
    if (!checked.ok()) return failure(checked.status, i + checked.index);
  }
  return success();
}

Result Index::add(const float* x, std::size_t n) {
  State& s = *state_;
  const std::size_t dims = s.options.dims;
  const Result room = s.reserve(s.rows + n);
  if (!room.ok()) return room;
  // Rows beyond the last one do not exist until all of them are there.
  for (std::size_t done = 0; done < n;) {
    const std::size_t first = s.rows + done;
    const std::size_t count = std::min(kColumnRows - first % kColumnRows, n - done);
    for (std::size_t i = 0; i < count; ++i) {
      State::Centred vector;
      const std::size_t at = (done + i) * dims;
      const Result centred = s.centre(x + at, &vector);
      if (!centred.ok()) return failure(centred.status, at + centred.index);
      s.encode_row(first + i, vector, s.packed.data() + i * s.row_bytes);
    }
    s.put_codes(first, count, s.packed.data());
    done += count;
  }
  s.rows += n;
  s.alive += n;
  return success();
}

Result Index::replace(std::size_t row, const float* x) {
  State& s = *state_;
  if (row >= s.rows || s.is_removed(row)) return failure(Status::invalid_argument, row);
  State::Centred vector;
  const Result centred = s.centre(x, &vector);
  if (!centred.ok()) return centred;
  s.encode_row(row, vector, s.packed.data());
  s.put_codes(row, 1, s.packed.data());
  return success();
}

Result Index::remove(std::size_t row) {
  State& s = *state_;
  if (row >= s.rows || s.is_removed(row)) return failure(Status::invalid_argument, row);
  s.removed[row / 64] |= std::uint64_t{1} << (row % 64);
  --s.alive;
  return success();
}

void Index::truncate(std::size_t rows) {
  State& s = *state_;
  while (s.rows > rows) {
    --s.rows;
    const std::uint64_t bit = std::uint64_t{1} << (s.rows % 64);
    if ((s.removed[s.rows / 64] & bit) == 0) --s.alive;
    s.removed[s.rows / 64] &= ~bit;
  }
  const std::size_t blocks = (rows + kBlockRows - 1) / kBlockRows;
  s.main.shrink(blocks);
  if (s.options.refine_bits != 0) s.refine.shrink(blocks);
}

void Index::compact() {
  State& s = *state_;
  if (s.alive == s.rows) return;
  std::size_t to = 0;
  for (std::size_t from = 0; from < s.rows; ++from) {
    if (s.is_removed(from)) continue;
    if (to != from) s.copy_row(from, to);
    ++to;
  }
  std::memset(s.removed.data(), 0, s.removed.bytes());
  truncate(to);
  s.alive = to;
}

Result Index::reconstruct(std::size_t row, float* x) {
  State& s = *state_;
  const std::size_t dims = s.options.dims;
  if (row >= s.rows || s.is_removed(row)) return failure(Status::invalid_argument, row);
  std::int8_t* levels = s.levels.data();
  float* y = s.rotated.data();
  const std::uint8_t* at = s.block(row);
  const std::size_t slot = row % kBlockRows;
  if (s.options.refine_bits == 0 && s.learned) {
    s.levels_of(row, levels);
    std::memset(y, 0, dims * sizeof(float));
    for (std::size_t i = 0; i < s.layout.segments(); ++i) {
      const CodedSegment& segment = s.layout.segment(i);
      const float factor = f32_from_small_f16(s.half_factors(at, i)[slot]) * s.scales[i];
      for (std::size_t j = segment.dim; j < segment.dim + segment.dims; ++j) {
        y[j] = factor * static_cast<float>(levels[j]);
      }
    }
  } else {
    const bool refined = s.options.refine_bits != 0;
    if (refined) {
      s.refine_levels_of(row, levels);
    } else {
      s.levels_of(row, levels);
    }
    for (std::size_t i = 0; i < dims; ++i) y[i] = static_cast<float>(levels[i]);
    double unbiased = static_cast<double>(refined ? *s.refine_factor(row) : s.factors(at)[slot]);
    if (s.has_tails) {
      Tail finer[kTailBits];
      const std::size_t count = decode_tails(levels, dims, s.tails(at)[slot], finer);
      unbiased *= tail_ratio(levels, dims, finer, count);
      for (std::size_t i = 0; i < count; ++i) y[finer[i].position] += finer[i].excess;
    }
    // The nearest point on the ray is shorter than the unbiased one by cos^2, about 1 - D.
    const Codebook& book = *codebook(refined ? s.options.refine_bits : s.options.bits);
    double factor = unbiased * (1 - book.distortion);
    if (s.options.metric == Metric::cosine && s.transform.mean() == nullptr && unbiased != 0) {
      // A file may hold codes of 8 bits that are all zero, which stand for no direction.
      const auto square = static_cast<double>(kernels::sum_squares(y, dims));
      factor = square > 0 ? 1 / std::sqrt(square) : 0;
    }
    const auto scale = static_cast<float>(factor);
    for (std::size_t i = 0; i < dims; ++i) y[i] *= scale;
  }
  if (s.options.refine_bits != 0) {
    std::memcpy(x, y, dims * sizeof(float));
    s.transform.rotation().apply_inverse(x);
  } else {
    s.transform.rotate_back(y, x);
  }
  const float* mean = s.transform.mean();
  for (std::size_t i = 0; mean != nullptr && i < dims; ++i) x[i] += mean[i];
  return success();
}

Result Index::set_mean(const float* mean) {
  State& s = *state_;
  if (s.rows != 0) return failure(Status::invalid_argument);
  const std::size_t bad = first_non_finite(mean, s.options.dims);
  if (bad < s.options.dims) return failure(Status::non_finite, bad);
  Buffer<float> copy;
  if (!copy.assign(mean, s.options.dims)) return failure(Status::out_of_memory);
  s.transform.set_mean(std::move(copy));
  return success();
}

Result Index::set_transform(const float* matrix, const Segment* segments, std::size_t count) {
  State& s = *state_;
  const std::size_t dims = s.options.dims;
  if (s.rows != 0 || count == 0 || count > kMaxSegments) return failure(Status::invalid_argument);
  std::size_t covered = 0;
  bool any = false;
  for (std::size_t i = 0; i < count; ++i) {
    const bool width = segments[i].bits == 0 || codebook(static_cast<int>(segments[i].bits));
    if (!width || segments[i].dims == 0 || segments[i].dims > dims ||
        !(segments[i].scale > 0 && segments[i].scale < 1e30f)) {
      return failure(Status::invalid_argument, i);
    }
    any = any || segments[i].bits != 0;
    covered += segments[i].dims;
  }
  if (covered != dims || !any) return failure(Status::invalid_argument, count);
  const std::size_t bad = first_non_finite(matrix, dims * dims);
  if (bad < dims * dims) return failure(Status::non_finite, bad);
  Buffer<Segment> wanted;
  Buffer<float> axes;
  const bool done = wanted.assign(segments, count) && axes.assign(matrix, dims * dims) &&
                    s.lay_out(std::move(wanted), std::move(axes));
  return done ? success() : failure(Status::out_of_memory);
}

namespace {

/// How a transform is tried out: by what these many rows of the sample find among so many.
constexpr std::size_t kTrialRows = 4096;
constexpr std::size_t kTrialQueries = 8 * kMaxQueries;
constexpr std::size_t kTrialFound = 3;  // few, as a sample is thinner than what it is of

/// The rows nearest to rows of the sample, themselves too, by an index with these options,
/// kTrialFound a row.
Result try_out(const Options& options, const Learned& learned, bool axes, const float* sample,
               std::size_t n, Buffer<Hit>* hits) {
  Result result;
  const std::unique_ptr<Index> index(Index::create(options, &result));
  if (index == nullptr) return result;
  result = index->set_mean(learned.mean.data());
  if (result.ok() && axes) {
    result = index->set_transform(learned.matrix.data(), learned.segments.data(),
                                  learned.segments.size());
  }
  if (result.ok()) result = index->add(sample, n);
  Buffer<float> queries;
  if (!queries.resize(kMaxQueries * options.dims) || !hits->resize(kTrialQueries * kTrialFound)) {
    return failure(Status::out_of_memory);
  }
  for (std::size_t first = 0; result.ok() && first < kTrialQueries; first += kMaxQueries) {
    for (std::size_t q = 0; q < kMaxQueries; ++q) {
      const std::size_t row = (first + q) * n / kTrialQueries;
      std::memcpy(queries.data() + q * options.dims, sample + row * options.dims,
                  options.dims * sizeof(float));
    }
    std::size_t found[kMaxQueries];
    result = index->search(queries.data(), kMaxQueries, kTrialFound, 8 * kTrialFound, nullptr,
                           hits->data() + first * kTrialFound, found);
  }
  return result;
}

/// How many of the rows in `wanted` are not in `found`.
std::size_t missed(const Buffer<Hit>& wanted, const Buffer<Hit>& found) {
  std::size_t count = wanted.size();
  for (std::size_t first = 0; first < wanted.size(); first += kTrialFound) {
    for (std::size_t i = first; i < first + kTrialFound; ++i) {
      for (std::size_t j = first; j < first + kTrialFound; ++j) {
        count -= wanted[i].row == found[j].row;
      }
    }
  }
  return count;
}

/// Whether clearly fewer of the neighbours that 8 bits find in the sample are missed with the axes
/// than without: where vectors lie in clusters, the error that axes save may not be the one that
/// ranks neighbours. No when they cannot be tried, as the sample has vectors that an index refuses.
Result axes_find_more(const Options& options, const Learned& learned, const float* sample,
                      std::size_t n, bool* more) {
  *more = false;
  if (n < 8 * kTrialFound) return success();
  n = std::min(n, kTrialRows);
  Options trial = options;
  trial.refine_bits = 0;
  Options fine = trial;
  fine.bits = 8;
  Buffer<Hit> exact;
  Buffer<Hit> even;
  Buffer<Hit> axes;
  Result result = try_out(fine, learned, false, sample, n, &exact);
  if (result.ok()) result = try_out(trial, learned, false, sample, n, &even);
  if (result.ok()) result = try_out(trial, learned, true, sample, n, &axes);
  if (result.ok()) *more = 8 * missed(exact, axes) < 7 * missed(exact, even);
  return result.status == Status::invalid_argument ? success() : result;
}

}  // namespace

Result Index::calibrate(const float* sample, std::size_t n) {
  State& s = *state_;
  const std::size_t dims = s.options.dims;
  if (s.rows != 0 || n == 0) return failure(Status::invalid_argument);
  const std::size_t bad = first_non_finite(sample, n * dims);
  if (bad < n * dims) return failure(Status::non_finite, bad);
  const bool tails = s.tails_fit();
  const std::size_t budget = (dims * static_cast<std::size_t>(s.options.bits) + 7) / 8 +
                             sizeof(float) + (tails ? sizeof(std::uint32_t) : 0);
  // What is left of the distortion of 4 bits with the scale search and tails.
  const double even = codebook(s.options.bits)->distortion * (tails ? 5.0 / 6.0 : 1.0);
  Learned learned;
  const Result result = learn(sample, n, dims, s.options.metric == Metric::cosine, budget, even,
                              s.options.seed, &learned);
  if (!result.ok()) return result;
  if (learned.pays) {
    const Result tried = axes_find_more(s.options, learned, sample, n, &learned.pays);
    if (!tried.ok()) return tried;
  }
  const bool done = learned.pays ? s.lay_out(std::move(learned.segments), std::move(learned.matrix))
                                 : s.lay_out_evenly();
  if (!done) return failure(Status::out_of_memory);
  s.transform.set_mean(std::move(learned.mean));
  return success();
}

bool Index::has_mean() const {
  return state_->transform.mean() != nullptr;
}
bool Index::has_transform() const {
  return state_->learned;
}
const float* Index::mean() const {
  return state_->transform.mean();
}
const float* Index::matrix() const {
  return state_->transform.matrix();
}

std::size_t Index::segments(Segment* out) const {
  const Buffer<Segment>& all = state_->segments;
  if (out != nullptr) std::memcpy(out, all.data(), all.bytes());
  return all.size();
}

std::size_t Index::rotation_signs(std::int8_t* out) const {
  const Rotation& rotation = state_->transform.rotation();
  for (int pass = 0; out != nullptr && pass < rotation.passes(); ++pass) {
    for (std::size_t i = 0; i < rotation.dims(); ++i) *out++ = rotation.sign(pass, i) < 0 ? -1 : 1;
  }
  return static_cast<std::size_t>(rotation.passes());
}

RowSizes Index::row_sizes() const {
  const State& s = *state_;
  RowSizes sizes{};
  sizes.codes = s.by_dot ? s.options.dims : s.row_bytes;
  sizes.factors = s.learned ? s.layout.segments() * sizeof(std::uint16_t) : sizeof(float);
  sizes.norms = s.options.metric == Metric::l2 ? sizeof(float) : 0;
  sizes.tails = s.has_tails ? sizeof(std::uint32_t) : 0;
  sizes.refine_codes = s.refine_bytes;
  sizes.refine_factors = s.options.refine_bits != 0 ? sizeof(float) : 0;
  return sizes;
}

void Index::export_rows(std::size_t first, std::size_t n, const Arrays& out) const {
  const State& s = *state_;
  const RowSizes sizes = row_sizes();
  for (std::size_t i = 0; out.codes != nullptr && i < n;) {
    const std::size_t row = first + i;
    const std::size_t count = std::min(kColumnRows - row % kColumnRows, n - i);
    std::uint8_t* to = out.codes + i * sizes.codes;
    if (sizes.codes == s.row_bytes) {
      s.get_codes(row, count, to);
    } else {
      const std::uint8_t* from = s.block(row) + row % kBlockRows * s.row_bytes;
      for (std::size_t k = 0; k < count; ++k) {
        std::memcpy(to + k * sizes.codes, from + k * s.row_bytes, sizes.codes);
      }
    }
    i += count;
  }
  for (std::size_t i = 0; i < n; ++i) {
    const std::size_t row = first + i;
    const std::size_t slot = row % kBlockRows;
    const std::uint8_t* at = s.block(row);
    if (out.factors != nullptr && s.learned) {
      for (std::size_t k = 0; k < s.layout.segments(); ++k) {
        std::memcpy(out.factors + i * sizes.factors + 2 * k, s.half_factors(at, k) + slot, 2);
      }
    } else if (out.factors != nullptr) {
      std::memcpy(out.factors + 4 * i, s.factors(at) + slot, 4);
    }
    if (sizes.norms != 0 && out.norms != nullptr) out.norms[i] = s.norms(at)[slot];
    if (sizes.tails != 0 && out.tails != nullptr) out.tails[i] = s.tails(at)[slot];
    if (sizes.refine_codes != 0 && out.refine_codes != nullptr) {
      std::memcpy(out.refine_codes + i * sizes.refine_codes, s.refine_codes(row),
                  sizes.refine_codes);
    }
    if (sizes.refine_codes != 0 && out.refine_factors != nullptr) {
      out.refine_factors[i] = *s.refine_factor(row);
    }
  }
}

Result Index::import_rows(const Arrays& in, std::size_t n) {
  if (n == 0) return success();
  State& s = *state_;
  const RowSizes sizes = row_sizes();
  const auto usable = [](const float* x, std::size_t count) {
    for (std::size_t i = 0; i < count; ++i) {
      if (!(x[i] >= 0 && std::isfinite(x[i]))) return false;
    }
    return true;
  };
  // -128 is no level of 8 bits.
  const auto levels = [](const std::uint8_t* codes, std::size_t count) {
    return std::memchr(codes, 0x80, count) == nullptr;
  };
  bool good = true;
  if (s.learned) {
    for (std::size_t i = 0; i < n * s.layout.segments() && good; ++i) {
      std::uint16_t half = 0;
      std::memcpy(&half, in.factors + 2 * i, 2);
      good = half < 0x7C00u;
    }
  } else {
    good = usable(reinterpret_cast<const float*>(in.factors), n);
  }
  if (sizes.norms != 0) good = good && usable(in.norms, n);
  if (sizes.refine_codes != 0) good = good && usable(in.refine_factors, n);
  if (s.by_dot) good = good && levels(in.codes, n * sizes.codes);
  if (s.options.refine_bits == 8) good = good && levels(in.refine_codes, n * sizes.refine_codes);
  if (!good) return failure(Status::corrupt_data);
  const Result room = s.reserve(s.rows + n);
  if (!room.ok()) return room;
  for (std::size_t i = 0; i < n;) {
    const std::size_t row = s.rows + i;
    const std::size_t count = std::min(kColumnRows - row % kColumnRows, n - i);
    const std::uint8_t* from = in.codes + i * sizes.codes;
    if (sizes.codes != s.row_bytes) {
      std::memset(s.packed.data(), 0, s.packed.size());
      for (std::size_t k = 0; k < count; ++k) {
        std::memcpy(s.packed.data() + k * s.row_bytes, from + k * sizes.codes, sizes.codes);
      }
      from = s.packed.data();
    }
    s.put_codes(row, count, from);
    i += count;
  }
  for (std::size_t i = 0; i < n; ++i) {
    const std::size_t row = s.rows + i;
    const std::size_t slot = row % kBlockRows;
    std::uint8_t* at = s.block(row);
    if (s.learned) {
      for (std::size_t k = 0; k < s.layout.segments(); ++k) {
        std::memcpy(s.half_factors(at, k) + slot, in.factors + i * sizes.factors + 2 * k, 2);
      }
    } else {
      std::memcpy(s.factors(at) + slot, in.factors + 4 * i, 4);
    }
    if (sizes.norms != 0) {
      s.set_extra(at, slot, in.norms[i]);
    } else if (s.by_dot) {
      std::int32_t sum = 0;
      const auto* codes = reinterpret_cast<const std::int8_t*>(in.codes + i * sizes.codes);
      for (std::size_t j = 0; j < s.options.dims; ++j) sum += codes[j];
      s.set_extra(at, slot, sum);
    }
    if (sizes.tails != 0) s.tails(at)[slot] = in.tails[i];
    if (sizes.refine_codes != 0) {
      std::memcpy(s.refine_codes(row), in.refine_codes + i * sizes.refine_codes,
                  sizes.refine_codes);
      *s.refine_factor(row) = in.refine_factors[i];
    }
  }
  s.rows += n;
  s.alive += n;
  return success();
}

}  // namespace fewbits::vectors
