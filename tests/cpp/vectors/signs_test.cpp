// Indexes of bits: searches agree with plain counting; float input is refused here, and bit input
// by other indexes.

#include <gtest/gtest.h>

#include <algorithm>
#include <bit>
#include <cstring>
#include <memory>
#include <random>
#include <vector>

#include "fewbits/vectors.h"

namespace fewbits::vectors {
namespace {

std::unique_ptr<Index> of_bits(std::size_t dims) {
  Options options;
  options.dims = dims;
  options.bits = 1;
  options.metric = Metric::hamming;
  Result result;
  std::unique_ptr<Index> index(Index::create(options, &result));
  EXPECT_TRUE(result.ok());
  return index;
}

std::vector<std::uint8_t> bytes(std::mt19937& random, std::size_t n) {
  std::vector<std::uint8_t> x(n);
  for (std::uint8_t& value : x) value = static_cast<std::uint8_t>(random());
  return x;
}

TEST(VectorSigns, FindsWhatCountingFinds) {
  std::mt19937 random(5);
  for (const std::size_t dims : {1, 8, 13, 64, 250, 1024}) {
    const std::size_t width = (dims + 7) / 8;
    const std::size_t n = 300;
    constexpr std::size_t k = 20;
    const std::vector<std::uint8_t> x = bytes(random, n * width);
    const std::vector<std::uint8_t> queries = bytes(random, 3 * width);
    const std::unique_ptr<Index> index = of_bits(dims);
    ASSERT_TRUE(index->add(x.data(), n).ok());
    ASSERT_TRUE(index->replace(7, x.data() + 9 * width).ok());
    ASSERT_TRUE(index->remove(11).ok());
    EXPECT_EQ(index->row_sizes().codes, width);
    EXPECT_EQ(index->row_sizes().factors, 0u);
    std::vector<Hit> hits(3 * k);
    std::size_t found[3];
    ASSERT_TRUE(index->search(queries.data(), 3, k, k, nullptr, hits.data(), found).ok());
    for (std::size_t q = 0; q < 3; ++q) {
      std::vector<std::pair<int, std::size_t>> all;
      for (std::size_t row = 0; row < n; ++row) {
        const std::uint8_t* own = x.data() + (row == 7 ? 9 : row) * width;
        int differ = 0;
        for (std::size_t i = 0; i < dims; ++i) {
          const int both = own[i / 8] ^ queries[q * width + i / 8];
          differ += both >> (7 - i % 8) & 1;
        }
        if (row != 11) all.emplace_back(differ, row);
      }
      std::sort(all.begin(), all.end());
      ASSERT_EQ(found[q], k);
      for (std::size_t i = 0; i < k; ++i) {
        EXPECT_EQ(hits[q * k + i].row, all[i].second);
        EXPECT_EQ(hits[q * k + i].score, static_cast<float>(-all[i].first));
        EXPECT_EQ(hits[q * k + i].estimate, hits[q * k + i].score);
      }
    }
    index->compact();
    EXPECT_EQ(index->rows(), n - 1);
    std::vector<float> signs(dims);
    ASSERT_TRUE(index->reconstruct(11, signs.data()).ok());
    for (std::size_t i = 0; i < dims; ++i) {
      const bool set = (x[12 * width + i / 8] >> (7 - i % 8) & 1) != 0;
      EXPECT_EQ(signs[i], set ? 1.0f : -1.0f);
    }
  }
}

TEST(VectorSigns, ComesAndGoesAsBytes) {
  std::mt19937 random(6);
  const std::size_t n = 100;
  std::vector<std::uint8_t> x = bytes(random, n * 2);
  const std::unique_ptr<Index> index = of_bits(11);
  ASSERT_TRUE(index->add(x.data(), n).ok());
  std::vector<std::uint8_t> out(n * 2);
  Arrays arrays;
  arrays.codes = out.data();
  index->export_rows(0, n, arrays);
  for (std::size_t i = 1; i < x.size(); i += 2) x[i] &= 0xE0;
  EXPECT_EQ(out, x);
  const std::unique_ptr<Index> again = of_bits(11);
  ASSERT_TRUE(again->import_rows(arrays, n).ok());
  std::vector<std::uint8_t> once_more(n * 2);
  arrays.codes = once_more.data();
  again->export_rows(0, n, arrays);
  EXPECT_EQ(once_more, x);
  // Bits beyond the last dimension would count in every score.
  once_more[2 * 57 + 1] |= 0x10;
  EXPECT_EQ(again->import_rows(arrays, n).status, Status::corrupt_data);
  EXPECT_EQ(again->rows(), n);
}

TEST(VectorSigns, TakesWhatItIsMadeFor) {
  const std::unique_ptr<Index> index = of_bits(8);
  const std::vector<float> x(80, 1.0f);
  const std::uint8_t bits = 3;
  Hit hit;
  std::size_t found = 0;
  bool changed = true;
  const Segment whole{8, 1, 1};
  EXPECT_EQ(index->add(x.data(), 1).status, Status::invalid_argument);
  EXPECT_EQ(index->check(x.data(), 1).status, Status::invalid_argument);
  EXPECT_EQ(index->calibrate(x.data(), 10).status, Status::invalid_argument);
  EXPECT_EQ(index->set_mean(x.data()).status, Status::invalid_argument);
  EXPECT_EQ(index->set_transform(x.data(), &whole, 1).status, Status::invalid_argument);
  EXPECT_TRUE(index->settle(x.data(), 10, &changed).ok());
  EXPECT_FALSE(changed);
  ASSERT_TRUE(index->add(&bits, 1).ok());
  EXPECT_EQ(index->replace(0, x.data()).status, Status::invalid_argument);
  EXPECT_EQ(index->replace(1, &bits).status, Status::invalid_argument);
  EXPECT_EQ(index->search(x.data(), 1, 1, 1, nullptr, &hit, &found).status,
            Status::invalid_argument);
  EXPECT_TRUE(index->search(&bits, 1, 1, 1, nullptr, &hit, &found).ok());

  Options options;
  options.dims = 8;
  Result result;
  const std::unique_ptr<Index> floats(Index::create(options, &result));
  ASSERT_TRUE(floats->add(x.data(), 1).ok());
  EXPECT_EQ(floats->add(&bits, 1).status, Status::invalid_argument);
  EXPECT_EQ(floats->replace(0, &bits).status, Status::invalid_argument);
  EXPECT_EQ(floats->search(&bits, 1, 1, 1, nullptr, &hit, &found).status, Status::invalid_argument);
  options.metric = Metric::hamming;
  EXPECT_EQ(Index::create(options, &result), nullptr);
  EXPECT_EQ(result.status, Status::invalid_argument);
  options.bits = 1;
  options.refine_bits = 8;
  EXPECT_EQ(Index::create(options, &result), nullptr);
}

}  // namespace
}  // namespace fewbits::vectors
