// The life of an index: made, filled, changed, taught, and asked what it holds. Long because the
// whole life of an index is here.

#include <algorithm>
#include <cmath>
#include <cstring>
#include <new>

#include "base/finite.h"
#include "vectors/code/codebook.h"
#include "vectors/state.h"

namespace fewbits::vectors {

bool Index::State::init(const Options& options) {
  return coding.init(options) && coder.init() && lay_out_evenly();
}

bool Index::State::take(Axes* axes) {
  if (!rows.make_room(axes->row_bytes)) return false;
  axes->move_into(&coding);
  rows.lay_out();
  return true;
}

void Index::State::set_mean(Buffer<float> mean) {
  coding.set_mean(std::move(mean));
  rows.lay_out();
}

bool Index::State::lay_out(Buffer<Segment> segments, Buffer<float> matrix) {
  Axes axes;
  return axes.init(coding, std::move(segments), std::move(matrix)) && take(&axes);
}

bool Index::State::lay_out_evenly() {
  Axes axes;
  return axes.init_evenly(coding) && take(&axes);
}

namespace {

/// Of segments: times a level and a query of kLargestNorm it stays within float.
constexpr float kLargestScale = 2e18f;

double norm_of(const float* x, std::size_t n) {
  double square = 0;
  for (std::size_t i = 0; i < n; ++i) {
    square += static_cast<double>(x[i]) * static_cast<double>(x[i]);
  }
  return std::sqrt(square);
}

/// Whether rows have norm 1 and the matrix leaves some vectors of signs as long as they were, from
/// both sides. One of learned axes does to 1e-4.
bool is_orthonormal(const float* matrix, std::size_t dims) {
  constexpr double kSlack = 2e-3;
  const auto near = [](double value, double wanted) {
    return std::fabs(value - wanted) <= kSlack * wanted;
  };
  for (std::size_t i = 0; i < dims; ++i) {
    if (!near(norm_of(matrix + i * dims, dims), 1)) return false;
  }
  std::uint32_t random = 1;
  const auto squares = static_cast<double>(dims);
  for (int round = 0; round < 3; ++round) {
    double left = 0;
    double right = 0;
    for (std::size_t i = 0; i < dims; ++i) {
      double row = 0;
      double column = 0;
      std::uint32_t state = random;
      for (std::size_t j = 0; j < dims; ++j) {
        state = state * 1664525u + 1013904223u;
        const double sign = (state >> 31) != 0 ? -1 : 1;
        row += sign * static_cast<double>(matrix[i * dims + j]);
        column += sign * static_cast<double>(matrix[j * dims + i]);
      }
      left += row * row;
      right += column * column;
    }
    if (!near(left, squares) || !near(right, squares)) return false;
    random = random * 747796405u + 2891336453u;
  }
  return true;
}

}  // namespace

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
  return state_->coding.options;
}
std::size_t Index::rows() const {
  return state_->rows.count();
}
std::size_t Index::size() const {
  return state_->rows.alive();
}
bool Index::is_removed(std::size_t row) const {
  return state_->rows.is_removed(row);
}

std::size_t Index::bytes() const {
  const State& s = *state_;
  return sizeof(State) + s.rows.bytes() + s.coder.bytes() + s.coding.transform.bytes();
}

Result Index::reserve(std::size_t rows) {
  return state_->rows.reserve(rows);
}

Result Index::check(const float* x, std::size_t n) {
  State& s = *state_;
  const std::size_t dims = s.coding.options.dims;
  for (std::size_t i = 0; i < n * dims; i += dims) {
    RowCoder::Centred vector;
    const Result checked = s.coder.centre(x + i, &vector);
    if (!checked.ok()) return failure(checked.status, i + checked.index);
  }
  return success();
}

Result Index::add(const float* x, std::size_t n) {
  State& s = *state_;
  const std::size_t dims = s.coding.options.dims;
  const std::size_t rows = s.rows.count();
  const Result room = s.rows.reserve(rows + n);
  if (!room.ok()) return room;
  Fit fit = s.fit;
  // Rows beyond the last one do not exist until all of them are there.
  for (std::size_t done = 0; done < n;) {
    const std::size_t first = rows + done;
    const std::size_t count = std::min(kColumnRows - first % kColumnRows, n - done);
    for (std::size_t i = 0; i < count; ++i) {
      RowCoder::Centred vector;
      const std::size_t at = (done + i) * dims;
      const Result centred = s.coder.centre(x + at, &vector);
      if (!centred.ok()) return failure(centred.status, at + centred.index);
      fit.count_in(s.coder.encode(vector, s.rows.block(), s.rows.finer(), s.rows.at(first + i),
                                  s.rows.packed() + i * s.coding.row_bytes));
    }
    s.rows.put_codes(first, count, s.rows.packed());
    done += count;
  }
  s.rows.append(n);
  s.fit = fit;
  return success();
}

Result Index::replace(std::size_t row, const float* x) {
  State& s = *state_;
  if (row >= s.rows.count() || s.rows.is_removed(row)) {
    return failure(Status::invalid_argument, row);
  }
  RowCoder::Centred vector;
  const Result centred = s.coder.centre(x, &vector);
  if (!centred.ok()) return centred;
  s.fit.count_in(
      s.coder.encode(vector, s.rows.block(), s.rows.finer(), s.rows.at(row), s.rows.packed()));
  s.rows.put_codes(row, 1, s.rows.packed());
  return success();
}

Result Index::remove(std::size_t row) {
  Rows& rows = state_->rows;
  if (row >= rows.count() || rows.is_removed(row)) return failure(Status::invalid_argument, row);
  rows.remove(row);
  return success();
}

void Index::truncate(std::size_t rows) {
  state_->rows.truncate(rows);
}

void Index::compact() {
  state_->rows.compact();
}

void Index::compact_some(std::size_t from, std::size_t to, std::size_t n) {
  state_->rows.compact_some(from, to, n);
}

Result Index::reconstruct(std::size_t row, float* x) {
  State& s = *state_;
  if (row >= s.rows.count() || s.rows.is_removed(row)) {
    return failure(Status::invalid_argument, row);
  }
  s.coder.decode(s.rows, row, x);
  return success();
}

Result Index::set_mean(const float* mean) {
  State& s = *state_;
  const std::size_t dims = s.coding.options.dims;
  if (s.rows.count() != 0) return failure(Status::invalid_argument);
  if (mean == nullptr) {
    s.set_mean(Buffer<float>());
    return success();
  }
  const std::size_t bad = first_non_finite(mean, dims);
  if (bad < dims) return failure(Status::non_finite, bad);
  if (!(norm_of(mean, dims) <= kLargestNorm)) return failure(Status::too_large);
  Buffer<float> copy;
  if (!copy.assign(mean, dims)) return failure(Status::out_of_memory);
  s.set_mean(std::move(copy));
  return success();
}

Result Index::set_transform(const float* matrix, const Segment* segments, std::size_t count) {
  State& s = *state_;
  const std::size_t dims = s.coding.options.dims;
  if (s.rows.count() != 0 || count == 0 || count > kMaxSegments) {
    return failure(Status::invalid_argument);
  }
  std::size_t covered = 0;
  bool any = false;
  for (std::size_t i = 0; i < count; ++i) {
    const bool width =
        segments[i].bits == 0 || codebook(static_cast<int>(segments[i].bits)) != nullptr;
    if (!width || segments[i].dims == 0 || segments[i].dims > dims ||
        !(segments[i].scale > 0 && segments[i].scale <= kLargestScale)) {
      return failure(Status::invalid_argument, i);
    }
    any = any || segments[i].bits != 0;
    covered += segments[i].dims;
  }
  if (covered != dims || !any) return failure(Status::invalid_argument, count);
  const std::size_t bad = first_non_finite(matrix, dims * dims);
  if (bad < dims * dims) return failure(Status::non_finite, bad);
  if (!is_orthonormal(matrix, dims)) return failure(Status::invalid_argument);
  Buffer<Segment> wanted;
  Buffer<float> axes;
  const bool done = wanted.assign(segments, count) && axes.assign(matrix, dims * dims) &&
                    s.lay_out(std::move(wanted), std::move(axes));
  return done ? success() : failure(Status::out_of_memory);
}

Fit Index::fit() const {
  return state_->fit;
}
void Index::set_fit(const Fit& fit) {
  state_->fit = fit;
}

bool Index::has_mean() const {
  return state_->coding.transform.mean() != nullptr;
}
bool Index::has_transform() const {
  return state_->coding.learned();
}
const float* Index::mean() const {
  return state_->coding.transform.mean();
}
const float* Index::matrix() const {
  return state_->coding.transform.matrix();
}

std::size_t Index::segments(Segment* out) const {
  const Buffer<Segment>& all = state_->coding.segments;
  if (out != nullptr) std::memcpy(out, all.data(), all.bytes());
  return all.size();
}

std::size_t Index::rotation_signs(std::int8_t* out) const {
  const Rotation& rotation = state_->coding.transform.rotation();
  for (int pass = 0; out != nullptr && pass < rotation.passes(); ++pass) {
    for (std::size_t i = 0; i < rotation.dims(); ++i) *out++ = rotation.sign(pass, i) < 0 ? -1 : 1;
  }
  return static_cast<std::size_t>(rotation.passes());
}

RowSizes Index::row_sizes() const {
  return state_->rows.sizes();
}

void Index::export_rows(std::size_t first, std::size_t n, const Arrays& out) const {
  state_->rows.export_rows(first, n, out);
}

Result Index::import_rows(const Arrays& in, std::size_t n) {
  return state_->rows.import_rows(in, n);
}

}  // namespace fewbits::vectors
