// Fuzzes import: any bytes are the rows of an index with any options. They are refused, or can be
// searched safely and are exported unchanged.

#include <cmath>
#include <cstdint>
#include <cstring>
#include <memory>
#include <vector>

#include "fewbits/vectors.h"
#include "source.h"

using namespace fewbits;
using namespace fewbits::vectors;
using fuzz::require;
using fuzz::Source;

namespace {

/// Arrays of exactly `n` rows, so that an access one byte too far is detected.
struct Rows {
  std::vector<std::uint8_t> codes;
  std::vector<std::uint8_t> factors;
  std::vector<float> norms;
  std::vector<float> mean_products;
  std::vector<std::uint32_t> tails;
  std::vector<std::uint8_t> refine_codes;
  std::vector<float> refine_factors;

  Rows(const RowSizes& sizes, std::size_t n)
      : codes(n * sizes.codes),
        factors(n * sizes.factors),
        norms(n * sizes.norms / sizeof(float)),
        mean_products(n * sizes.mean_products / sizeof(float)),
        tails(n * sizes.tails / sizeof(std::uint32_t)),
        refine_codes(n * sizes.refine_codes),
        refine_factors(n * sizes.refine_factors / sizeof(float)) {}

  Arrays arrays() {
    return {codes.data(), factors.data(),      norms.data(),         mean_products.data(),
            tails.data(), refine_codes.data(), refine_factors.data()};
  }
};

/// Mostly floats that a file may hold; some of any kind.
float number(Source* source) {
  const std::uint8_t kind = source->byte();
  return kind < 240 ? static_cast<float>(kind) / 64 : source->any_float();
}

void fill(Source* source, std::vector<std::uint8_t>& out) {
  for (std::uint8_t& value : out) value = source->byte();
}

void fill(Source* source, std::vector<float>& out) {
  for (float& value : out) value = number(source);
}

void fill(Source* source, std::vector<std::uint32_t>& out) {
  for (std::uint32_t& value : out) {
    for (int i = 0; i < 4; ++i) value = value << 8 | source->byte();
  }
}

void set_transform(Index* index, std::size_t dims, Source* source) {
  std::vector<float> matrix(dims * dims);
  for (std::size_t i = 0; i < dims; ++i) matrix[i * dims + (i + 3) % dims] = 1;
  std::vector<Segment> segments;
  for (std::size_t left = dims; left > 0;) {
    constexpr std::uint32_t widths[] = {0, 1, 2, 3, 4, 5, 6, 8};
    const std::size_t length = 1 + source->byte() % left;
    segments.push_back({static_cast<std::uint32_t>(length), widths[source->byte() % 8],
                        std::ldexp(1.0f, source->byte() % 226 - 126)});
    left -= length;
  }
  static_cast<void>(index->set_transform(matrix.data(), segments.data(), segments.size()));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 8) return 0;
  Source source = {data, size};
  Options options;
  options.dims = 1 + source.byte() % 72;
  options.bits = 1 << (source.byte() % 4);
  options.metric = static_cast<Metric>(source.byte() % 4);
  options.refine_bits = 4 * (source.byte() % 3);
  const bool of_bits = options.metric == Metric::hamming;
  if (of_bits) {
    options.bits = 1;
    options.refine_bits = 0;
  }
  options.seed = source.byte();
  const std::uint8_t shape = source.byte();
  options.tails = shape % 3 != 0;
  options.mean_products = shape % 8 != 1;
  const std::size_t n = source.byte() % 40;

  Result result;
  const std::unique_ptr<Index> index(Index::create(options, &result));
  require(index != nullptr);
  if (shape % 4 == 0) set_transform(index.get(), options.dims, &source);
  if (shape % 4 == 1) {
    std::vector<float> mean(options.dims);
    fill(&source, mean);
    static_cast<void>(index->set_mean(mean.data()));
  }

  Rows rows(index->row_sizes(), n);
  fill(&source, rows.codes);
  if (index->has_transform()) {
    fill(&source, rows.factors);
  } else {
    std::vector<float> factors(n);
    fill(&source, factors);
    if (!rows.factors.empty())
      std::memcpy(rows.factors.data(), factors.data(), rows.factors.size());
  }
  fill(&source, rows.norms);
  fill(&source, rows.mean_products);
  fill(&source, rows.tails);
  fill(&source, rows.refine_codes);
  fill(&source, rows.refine_factors);
  result = index->import_rows(rows.arrays(), n);
  if (!result.ok()) {
    require(result.status == Status::corrupt_data && index->rows() == 0);
    return 0;
  }
  require(index->rows() == n && index->size() == n);

  // Removes a row, adds one, and imports an export of the rows again.
  std::vector<float> x(options.dims, 0.5f);
  std::vector<std::uint8_t> bits(of_bits ? 3 * index->row_sizes().codes : 0);  // that many queries
  fill(&source, bits);
  if (n > 2) require(index->remove(source.byte() % n).ok());
  const bool added =  // too far from a mean: refused
      of_bits ? index->add(bits.data(), 1).ok() : index->add(x.data(), 1).ok();
  require(added || !of_bits);
  require(index->rows() == n + (added ? 1 : 0));
  Rows exported(index->row_sizes(), n);
  index->export_rows(0, n, exported.arrays());
  require(exported.factors == rows.factors && exported.norms == rows.norms);
  require(exported.mean_products == rows.mean_products);
  require(exported.refine_codes == rows.refine_codes && exported.tails == rows.tails);
  require(index->import_rows(exported.arrays(), n).ok());

  constexpr std::size_t count = 3;
  constexpr std::size_t k = 5;
  std::vector<float> queries(count * options.dims);
  fill(&source, queries);
  for (float& value : queries) value = std::isfinite(value) ? value : 1.0f;
  std::vector<std::uint32_t> allowed(index->rows() / 32 + 1);
  for (std::uint32_t& word : allowed) word = source.byte() * 0x01010101u;
  for (const std::uint32_t* filter : {static_cast<const std::uint32_t*>(nullptr),
                                      static_cast<const std::uint32_t*>(allowed.data())}) {
    std::vector<Hit> hits(count * k);
    std::size_t found[count] = {};
    const std::size_t most = k + source.byte() % 16;
    result = of_bits ? index->search(bits.data(), count, k, most, filter, hits.data(), found)
                     : index->search(queries.data(), count, k, most, filter, hits.data(), found);
    if (!result.ok()) {  // too long
      require(result.status == Status::too_large && options.metric != Metric::cosine);
      continue;
    }
    for (std::size_t q = 0; q < count; ++q) {
      require(found[q] <= k);
      for (std::size_t i = 0; i < found[q]; ++i) {
        const std::uint32_t row = hits[q * k + i].row;
        require(row < index->rows() && !index->is_removed(row));
        require(std::isfinite(hits[q * k + i].score));
        require(filter == nullptr || ((filter[row / 32] >> (row % 32)) & 1) != 0);
      }
    }
  }
  for (std::size_t row = 0; row < index->rows(); ++row) {
    if (!index->is_removed(row)) require(index->reconstruct(row, x.data()).ok());
  }
  index->compact();
  require(index->rows() == index->size());
  return 0;
}
