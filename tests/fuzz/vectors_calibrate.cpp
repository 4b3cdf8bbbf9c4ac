// Fuzzes calibration: any floats are a sample, many of them degenerate (constant, one-dimensional,
// a single vector repeated, huge or tiny). They are refused, or the calibrated index gives finite
// scores, and an index restored from the calibration gives the same answers.

#include <cmath>
#include <cstdint>
#include <memory>
#include <vector>

#include "fewbits/vectors.h"
#include "source.h"

using namespace fewbits;
using namespace fewbits::vectors;
using fuzz::require;
using fuzz::Source;

namespace {

/// Any float in a quarter of the cases, otherwise a small one.
float number(Source* source) {
  const std::uint8_t kind = source->byte();
  return kind % 4 == 0 ? source->any_float() : static_cast<float>(kind) - 128.0f;
}

std::unique_ptr<Index> make(const Options& options) {
  Result result;
  std::unique_ptr<Index> index(Index::create(options, &result));
  require(index != nullptr && result.ok());
  return index;
}

/// A long sample generated from a few numbers of the input, with variations.
std::vector<float> sample_of(Source* source, std::size_t n, std::size_t dims, std::uint8_t shape) {
  std::vector<float> seeds(1 + shape % 40);
  for (float& value : seeds) value = number(source);
  const float scale = std::ldexp(1.0f, source->byte() % 250 - 126);
  std::vector<float> x(n * dims);
  std::uint32_t state = shape;
  for (std::size_t i = 0; i < x.size(); ++i) {
    state = state * 1664525u + 1013904223u;
    switch (shape % 5) {
      case 0:  // unchanged
        x[i] = seeds[i % seeds.size()];
        break;
      case 1:  // one vector repeated
        x[i] = seeds[i % dims % seeds.size()];
        break;
      case 2:  // noise of any size around the seeds
        x[i] = seeds[i % seeds.size()] + scale * static_cast<float>(state >> 8);
        break;
      case 3:  // one dimension varies
        x[i] = i % dims == 0 ? scale * static_cast<float>(state >> 8) : seeds[0];
        break;
      default:  // signs of one value
        x[i] = (state >> 31) != 0 ? -seeds[0] : seeds[0];
    }
  }
  return x;
}

void search_alike(Index* index, const Options& options, const std::vector<float>& x,
                  std::size_t n) {
  std::size_t added = 0;
  for (std::size_t r = 0; r < n && added < 70; ++r) {
    added += index->add(x.data() + r * options.dims, 1).ok() ? 1 : 0;
  }
  auto again = make(options);
  if (index->has_mean()) require(again->set_mean(index->mean()).ok());
  if (index->has_transform()) {
    Segment segments[kMaxSegments];
    const std::size_t count = index->segments(segments);
    require(again->set_transform(index->matrix(), segments, count).ok());
  }
  const RowSizes sizes = index->row_sizes();
  std::vector<std::uint8_t> codes(added * sizes.codes);
  std::vector<std::uint8_t> factors(added * sizes.factors);
  std::vector<float> norms(added);
  std::vector<float> products(added);
  std::vector<std::uint32_t> tails(added);
  std::vector<std::uint8_t> finer(added * sizes.refine_codes);
  std::vector<float> finer_factors(added);
  const Arrays arrays = {codes.data(), factors.data(), norms.data(),        products.data(),
                         tails.data(), finer.data(),   finer_factors.data()};
  index->export_rows(0, added, arrays);
  require(again->import_rows(arrays, added).ok());
  for (std::size_t r = 0; r < n && r < 3; ++r) {
    Hit hits[2][5];
    std::size_t found[2] = {};
    const float* query = x.data() + r * options.dims;
    const Result a = index->search(query, 1, 5, 8, nullptr, hits[0], &found[0]);
    const Result b = again->search(query, 1, 5, 8, nullptr, hits[1], &found[1]);
    require(a.status == b.status && found[0] == found[1]);
    for (std::size_t i = 0; a.ok() && i < found[0]; ++i) {
      require(std::isfinite(hits[0][i].score) && hits[0][i].row == hits[1][i].row);
    }
  }
  std::vector<float> back(options.dims);
  for (std::size_t row = 0; row < added; ++row) {
    require(index->reconstruct(row, back.data()).ok());
    for (const float value : back) require(std::isfinite(value));
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 8) return 0;
  Source source = {data, size};
  Options options;
  options.dims = 1 + source.byte() % 70;
  options.bits = 1 << (source.byte() % 4);
  options.metric = static_cast<Metric>(source.byte() % 3);
  options.refine_bits = 4 * (source.byte() % 3);
  options.mean_products = source.byte() % 4 != 0;
  const std::uint8_t shape = source.byte();
  const std::size_t n = 1 + (source.byte() % 2 == 0 ? source.byte() % 16 : 120 + source.byte());
  const std::vector<float> x = sample_of(&source, n, options.dims, shape);

  auto index = make(options);
  const Result result = index->calibrate(x.data(), n);
  if (!result.ok()) {
    require(result.status == Status::non_finite || result.status == Status::too_large);
    require(result.index < x.size() && !index->has_mean() && !index->has_transform());
    return 0;
  }
  require(index->fit().expected >= 0 && index->fit().count == 0);
  search_alike(index.get(), options, x, n);
  return 0;
}
