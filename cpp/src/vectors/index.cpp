#include <algorithm>
#include <cmath>
#include <cstring>
#include <new>

#include "floats/half.h"
#include "vectors/calibrate.h"
#include "vectors/encode.h"
#include "vectors/state.h"

namespace fewbits::vectors {

std::size_t first_non_finite(const float* x, std::size_t n) {
  for (std::size_t start = 0; start < n; start += 1024) {
    const std::size_t end = std::min(n, start + 1024);
    // Subtraction of a value from itself gives NaN just for NaN and infinities.
    float difference = 0;
    for (std::size_t i = start; i < end; ++i) difference += x[i] - x[i];
    if (difference == 0) continue;
    for (std::size_t i = start; i < end; ++i) {
      if (!std::isfinite(x[i])) return i;
    }
  }
  return n;
}

bool Index::State::init(const Options& wanted) {
  options = wanted;
  const std::size_t dims = options.dims;
  const std::size_t padded = round_up(dims, 16);
  if (!transform.init(dims, options.seed) || !centred.resize(dims) || !rotated.resize(dims) ||
      !fixed.resize(padded) || !levels.resize(padded) || !spare_levels.resize(padded) ||
      !segments.resize(1) || !scales.resize(1)) {
    return false;
  }
  segments[0] = {static_cast<std::uint32_t>(dims), static_cast<std::uint32_t>(options.bits), 1.0f};
  if (options.refine_bits != 0) {
    const Segment whole{static_cast<std::uint32_t>(dims), 4, 1.0f};
    if (!refine_layout.init(&whole, 1)) return false;
    refine_bytes = options.refine_bits == 8 ? dims : refine_layout.row_bytes();
    refine = Records(round_up(kBlockRows * refine_bytes, 16) + kBlockRows * sizeof(float));
  }
  return lay_out();
}

bool Index::State::lay_out() {
  if (!layout.init(segments.data(), segments.size()) || !scales.resize(layout.segments())) {
    return false;
  }
  std::size_t coded = 0;
  for (std::size_t i = 0; i < segments.size(); ++i) {
    if (segments[i].bits != 0) scales[coded++] = segments[i].scale;
  }
  by_dot = !learned && options.bits == 8;
  row_bytes = by_dot ? round_up(options.dims, 16) : layout.row_bytes();
  factor_offset = row_bytes * kBlockRows;
  const std::size_t factor_bytes =
      kBlockRows * (learned ? layout.segments() * sizeof(std::uint16_t) : sizeof(float));
  extra_offset = factor_offset + factor_bytes;
  const bool extra = by_dot || options.metric == Metric::l2;
  main = Records(extra_offset + (extra ? kBlockRows * 4 : 0));
  return row_codes.resize(std::max(row_bytes, refine_bytes) + 16);
}

Result Index::State::reserve(std::size_t wanted) {
  if (wanted > kMaxRows) return failure(Status::out_of_memory);
  const std::size_t blocks = (wanted + kBlockRows - 1) / kBlockRows;
  if (blocks > removed.size() &&
      !removed.resize_zeroed(std::max(blocks, removed.size() + removed.size() / 4))) {
    return failure(Status::out_of_memory);
  }
  if (!main.reserve(blocks)) return failure(Status::out_of_memory);
  if (options.refine_bits != 0 && !refine.reserve(blocks)) return failure(Status::out_of_memory);
  return success();
}

/// Leaves the vector less the mean in `centred`, times a power of two where its square would not
/// fit a float, and returns its norm without that.
double Index::State::centre(const float* x) {
  const std::size_t dims = options.dims;
  float* out = centred.data();
  std::memcpy(out, x, dims * sizeof(float));
  const auto norm_of = [&]() -> double {
    const float square = kernels::sum_squares(out, dims);
    if (square >= 1e-24f && square <= 1e30f) return std::sqrt(static_cast<double>(square));
    float largest = 0;
    for (std::size_t i = 0; i < dims; ++i) largest = std::max(largest, std::fabs(out[i]));
    if (largest == 0) return 0;
    const int exponent = std::ilogb(largest);
    for (std::size_t i = 0; i < dims; ++i) out[i] = std::ldexp(out[i], -exponent);
    const double scaled = std::sqrt(static_cast<double>(kernels::sum_squares(out, dims)));
    return std::ldexp(scaled, exponent);
  };
  const float* mean = transform.mean();
  double norm = 0;
  if (options.metric == Metric::cosine) {
    norm = norm_of();
    if (mean == nullptr) return norm;
    // After norm_of the values may have been scaled: their own norm is what they are divided by.
    const double own = std::sqrt(static_cast<double>(kernels::sum_squares(out, dims)));
    const auto inverse = static_cast<float>(own > 0 ? 1.0 / own : 0.0);
    for (std::size_t i = 0; i < dims; ++i) {
      out[i] = norm > 0 ? out[i] * inverse - mean[i] : 0.0f;
    }
  } else if (mean != nullptr) {
    for (std::size_t i = 0; i < dims; ++i) out[i] -= mean[i];
  }
  return norm_of();
}

Result Index::State::check(const float* x, std::size_t n) {
  const std::size_t dims = options.dims;
  const std::size_t bad = first_non_finite(x, n * dims);
  if (bad < n * dims) return failure(Status::non_finite, bad);
  if (options.metric == Metric::cosine) return success();
  for (std::size_t i = 0; i < n; ++i) {
    const float square = kernels::sum_squares(x + i * dims, dims);
    if (square <= 1e30f) continue;
    if (!(centre(x + i * dims) <= kLargestNorm)) return failure(Status::invalid_argument, i * dims);
  }
  return success();
}

void Index::State::put_codes(std::size_t row, const std::uint8_t* codes) {
  if (by_dot) {
    std::memcpy(block(row) + row % kBlockRows * row_bytes, codes, row_bytes);
    return;
  }
  std::uint8_t* to = block(row) + row % kBlockRows;
  for (std::size_t p = 0; p < row_bytes; ++p) to[p * kBlockRows] = codes[p];
}

void Index::State::get_codes(std::size_t row, std::uint8_t* codes) const {
  if (by_dot) {
    std::memcpy(codes, block(row) + row % kBlockRows * row_bytes, row_bytes);
    return;
  }
  const std::uint8_t* from = block(row) + row % kBlockRows;
  for (std::size_t p = 0; p < row_bytes; ++p) codes[p] = from[p * kBlockRows];
}

namespace {

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

void Index::State::encode_into(std::size_t row, const float* x) {
  const std::size_t dims = options.dims;
  double norm = centre(x);
  transform.rotate(centred.data(), rotated.data());
  std::uint8_t* block_at = block(row);
  const std::size_t slot = row % kBlockRows;
  const double own = std::sqrt(static_cast<double>(kernels::sum_squares(rotated.data(), dims)));
  if (options.metric == Metric::cosine && transform.mean() == nullptr) norm = norm > 0 ? 1 : 0;
  const double stretch = own > 0 ? norm / own : 0;  // of `rotated` to its true size
  CodeSums whole;
  for (std::size_t s = 0; s < layout.segments(); ++s) {
    const CodedSegment& segment = layout.segment(s);
    const float* values = rotated.data() + segment.dim;
    const double part =
        learned ? std::sqrt(static_cast<double>(kernels::sum_squares(values, segment.dims))) : own;
    const double spread = std::sqrt(static_cast<double>(segment.dims));
    kernels::to_fixed(
        values, segment.dims,
        part > 0 ? static_cast<float>(static_cast<double>(kFixedOne) * spread / part) : 0.0f,
        fixed.data());
    const CodeSums sums = encode(fixed.data(), segment.dims, *segment.book, options.scale_search,
                                 levels.data() + segment.dim, spare_levels.data());
    if (learned) {
      const double factor =
          nearest_factor(sums, part * stretch, segment.dims) / static_cast<double>(scales[s]);
      half_factors(block_at, s)[slot] =
          floats::f16_from_f32(static_cast<float>(std::min(factor, 65504.0)));
    } else {
      factors(block_at)[slot] = static_cast<float>(unbiased_factor(sums, norm, dims));
      whole = sums;
    }
  }
  if (by_dot) {
    std::memset(row_codes.data(), 0, row_bytes);
    std::memcpy(row_codes.data(), levels.data(), dims);
  } else {
    layout.pack(levels.data(), row_codes.data());
  }
  put_codes(row, row_codes.data());
  if (options.metric == Metric::l2) {
    set_extra(block_at, slot, static_cast<float>(norm * norm));
  } else if (by_dot) {
    set_extra(block_at, slot, static_cast<std::int32_t>(whole.level));
  }
  if (options.refine_bits != 0) encode_refine(row, norm);
}

void Index::State::encode_refine(std::size_t row, double norm) {
  const std::size_t dims = options.dims;
  const double own = std::sqrt(static_cast<double>(kernels::sum_squares(rotated.data(), dims)));
  const double spread = std::sqrt(static_cast<double>(dims));
  kernels::to_fixed(
      rotated.data(), dims,
      own > 0 ? static_cast<float>(static_cast<double>(kFixedOne) * spread / own) : 0.0f,
      fixed.data());
  const CodeSums sums = encode(fixed.data(), dims, *codebook(options.refine_bits),
                               options.scale_search, levels.data(), spare_levels.data());
  if (options.refine_bits == 8) {
    std::memcpy(refine_codes(row), levels.data(), dims);
  } else {
    refine_layout.pack(levels.data(), refine_codes(row));
  }
  *refine_factor(row) = static_cast<float>(unbiased_factor(sums, norm, dims));
}

void Index::State::copy_row(std::size_t from, std::size_t to) {
  get_codes(from, row_codes.data());
  put_codes(to, row_codes.data());
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
         s.levels.bytes() + s.spare_levels.bytes() + s.row_codes.bytes();
}

Result Index::reserve(std::size_t rows) {
  return state_->reserve(rows);
}

Result Index::check(const float* x, std::size_t n) {
  return state_->check(x, n);
}

Result Index::add(const float* x, std::size_t n) {
  State& s = *state_;
  const Result checked = s.check(x, n);
  if (!checked.ok()) return checked;
  const Result room = s.reserve(s.rows + n);
  if (!room.ok()) return room;
  for (std::size_t i = 0; i < n; ++i) {
    const std::size_t row = s.rows + i;
    s.removed[row / 64] &= ~(std::uint64_t{1} << (row % 64));
    s.encode_into(row, x + i * s.options.dims);
  }
  s.rows += n;
  s.alive += n;
  return success();
}

Result Index::replace(std::size_t row, const float* x) {
  State& s = *state_;
  if (row >= s.rows || s.is_removed(row)) return failure(Status::invalid_argument, row);
  const Result checked = s.check(x, 1);
  if (!checked.ok()) return checked;
  s.encode_into(row, x);
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
    const float unbiased = refined ? *s.refine_factor(row) : s.factors(at)[slot];
    // The nearest point on the ray is shorter than the unbiased one by cos^2, about 1 - D.
    const Codebook& book = *codebook(refined ? s.options.refine_bits : s.options.bits);
    double factor = static_cast<double>(unbiased) * (1 - book.distortion);
    if (s.options.metric == Metric::cosine && s.transform.mean() == nullptr && unbiased != 0) {
      double square = 0;
      for (std::size_t i = 0; i < dims; ++i) square += levels[i] * levels[i];
      factor = 1 / std::sqrt(square);
    }
    for (std::size_t i = 0; i < dims; ++i) {
      y[i] = static_cast<float>(factor * static_cast<double>(levels[i]));
    }
  }
  s.transform.rotate_back(y, x);
  const float* mean = s.transform.mean();
  for (std::size_t i = 0; mean != nullptr && i < dims; ++i) x[i] += mean[i];
  return success();
}

Result Index::set_mean(const float* mean) {
  State& s = *state_;
  if (s.rows != 0) return failure(Status::invalid_argument);
  const std::size_t bad = first_non_finite(mean, s.options.dims);
  if (bad < s.options.dims) return failure(Status::non_finite, bad);
  if (!s.transform.set_mean(mean)) return failure(Status::out_of_memory);
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
  Buffer<Segment> copy;
  if (!copy.resize(count)) return failure(Status::out_of_memory);
  std::memcpy(copy.data(), segments, count * sizeof(Segment));
  if (!s.transform.set_matrix(matrix)) return failure(Status::out_of_memory);
  s.segments = std::move(copy);
  s.learned = true;
  if (!s.lay_out()) return failure(Status::out_of_memory);
  return success();
}

Result Index::calibrate(const float* sample, std::size_t n) {
  const State& s = *state_;
  const std::size_t dims = s.options.dims;
  if (s.rows != 0 || n == 0) return failure(Status::invalid_argument);
  const std::size_t bad = first_non_finite(sample, n * dims);
  if (bad < n * dims) return failure(Status::non_finite, bad);
  const std::size_t budget =
      (dims * static_cast<std::size_t>(s.options.bits) + 7) / 8 + sizeof(float);
  Learned learned;
  const Result result =
      learn(sample, n, dims, s.options.metric == Metric::cosine, budget, s.options.seed, &learned);
  if (!result.ok()) return result;
  const Result centred = set_mean(learned.mean.data());
  if (!centred.ok()) return centred;
  return set_transform(learned.matrix.data(), learned.segments.data(), learned.segments.size());
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
  sizes.refine_codes = s.refine_bytes;
  sizes.refine_factors = s.options.refine_bits != 0 ? sizeof(float) : 0;
  return sizes;
}

void Index::export_rows(std::size_t first, std::size_t n, const Arrays& out) const {
  const State& s = *state_;
  const RowSizes sizes = row_sizes();
  for (std::size_t i = 0; i < n; ++i) {
    const std::size_t row = first + i;
    const std::size_t slot = row % kBlockRows;
    const std::uint8_t* at = s.block(row);
    if (s.by_dot) {
      std::memcpy(out.codes + i * sizes.codes, at + slot * s.row_bytes, sizes.codes);
    } else {
      s.get_codes(row, out.codes + i * sizes.codes);
    }
    if (s.learned) {
      for (std::size_t k = 0; k < s.layout.segments(); ++k) {
        std::memcpy(out.factors + i * sizes.factors + 2 * k, s.half_factors(at, k) + slot, 2);
      }
    } else {
      std::memcpy(out.factors + 4 * i, s.factors(at) + slot, 4);
    }
    if (sizes.norms != 0) out.norms[i] = s.norms(at)[slot];
    if (sizes.refine_codes != 0) {
      std::memcpy(out.refine_codes + i * sizes.refine_codes, s.refine_codes(row),
                  sizes.refine_codes);
      out.refine_factors[i] = *s.refine_factor(row);
    }
  }
}

Result Index::import_rows(const Arrays& in, std::size_t n) {
  State& s = *state_;
  const RowSizes sizes = row_sizes();
  const auto usable = [](const float* x, std::size_t count) {
    for (std::size_t i = 0; i < count; ++i) {
      if (!(x[i] >= 0 && std::isfinite(x[i]))) return false;
    }
    return true;
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
  if (s.by_dot) {
    for (std::size_t i = 0; i < n * sizes.codes && good; ++i) good = in.codes[i] != 0x80;
  }
  if (sizes.refine_codes != 0 && s.options.refine_bits == 8) {
    for (std::size_t i = 0; i < n * sizes.refine_codes && good; ++i) {
      good = in.refine_codes[i] != 0x80;
    }
  }
  if (!good) return failure(Status::corrupt_data);
  const Result room = s.reserve(s.rows + n);
  if (!room.ok()) return room;
  for (std::size_t i = 0; i < n; ++i) {
    const std::size_t row = s.rows + i;
    const std::size_t slot = row % kBlockRows;
    std::uint8_t* at = s.block(row);
    s.removed[row / 64] &= ~(std::uint64_t{1} << (row % 64));
    std::memset(s.row_codes.data(), 0, s.row_codes.size());
    std::memcpy(s.row_codes.data(), in.codes + i * sizes.codes, sizes.codes);
    s.put_codes(row, s.row_codes.data());
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
      const auto* codes = reinterpret_cast<const std::int8_t*>(s.row_codes.data());
      for (std::size_t j = 0; j < s.options.dims; ++j) sum += codes[j];
      s.set_extra(at, slot, sum);
    }
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
