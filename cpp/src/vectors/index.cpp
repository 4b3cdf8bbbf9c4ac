// The life of an index: creation, adding, changing, learning, and queries of its state. Long
// because the whole life of an index is here.

#include <algorithm>
#include <cstring>
#include <new>

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

Index* Index::create(const Options& options, Result* result) {
  // Five bits are for segments only: a scan would need as many look-ups as for six.
  const bool valid =
      options.dims >= 1 && options.dims <= kMaxDims && options.bits != 5 &&
      codebook(options.bits) != nullptr &&
      (options.refine_bits == 0 || options.refine_bits == 4 || options.refine_bits == 8) &&
      static_cast<int>(options.metric) >= 0 && static_cast<int>(options.metric) <= 3 &&
      (options.metric != Metric::hamming || (options.bits == 1 && options.refine_bits == 0));
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
  if (s.coding.of_bits()) return failure(Status::invalid_argument);
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
  if (s.coding.of_bits()) return failure(Status::invalid_argument);
  const Result room = s.rows.reserve(rows + n);
  if (!room.ok()) return room;
  Fit fit = s.fit;
  // Rows after the last one do not count until all of them are written.
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
  if (row >= s.rows.count() || s.rows.is_removed(row) || s.coding.of_bits()) {
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
  if (s.coding.of_bits()) {
    s.signs_of(row, x);
  } else {
    s.coder.decode(s.rows, row, x);
  }
  return success();
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
