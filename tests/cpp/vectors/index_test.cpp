// The index against the contract of its header: lifetime, rows, errors and the state after them.
// Long because every statement of the header is tried.

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <memory>
#include <random>
#include <vector>

#include "fewbits/vectors.h"
#include "vectors/code/codebook.h"
#include "vectors/code/rotation.h"

namespace fewbits::vectors {
namespace {

std::unique_ptr<Index> make(const Options& options) {
  Result result;
  std::unique_ptr<Index> index(Index::create(options, &result));
  EXPECT_TRUE(result.ok());
  return index;
}

std::vector<float> normals(std::mt19937& random, std::size_t n, float centre = 0) {
  std::normal_distribution<float> normal(centre, 1);
  std::vector<float> x(n);
  for (float& value : x) value = normal(random);
  return x;
}

/// The decoded rows that a reader of an export computes, in double precision, from the documented
/// format: factor * levels, rotated back.
struct Exported {
  std::vector<std::uint8_t> codes;
  std::vector<float> factors;
  std::vector<float> norms;
  std::vector<float> mean_products;
  std::vector<std::uint32_t> tails;
  std::vector<std::uint8_t> refine_codes;
  std::vector<float> refine_factors;

  explicit Exported(const Index& index) {
    const RowSizes sizes = index.row_sizes();
    const std::size_t n = index.rows();
    codes.resize(n * sizes.codes + 1);
    factors.resize(n * sizes.factors / 4 + 1);
    norms.resize(n + 1);
    mean_products.resize(n + 1);
    tails.resize(n + 1);
    refine_codes.resize(n * sizes.refine_codes + 1);
    refine_factors.resize(n + 1);
    index.export_rows(0, n, arrays());
  }
  Arrays arrays() {
    return {codes.data(),         reinterpret_cast<std::uint8_t*>(factors.data()),
            norms.data(),         mean_products.data(),
            tails.data(),         refine_codes.data(),
            refine_factors.data()};
  }
};

/// The level of dimension i in a row of codes, which lie in one plane or two.
int level(int bits, const std::uint8_t* row, std::size_t i, std::size_t dims) {
  if (bits == 8) return static_cast<std::int8_t>(row[i]);
  const Codebook& book = *codebook(bits);
  int sum = 0;
  for (int p = 0; p < book.planes; ++p) {
    const auto wide = static_cast<std::size_t>(book.plane_bits[p]);
    sum += book.levels[p][static_cast<unsigned>(row[i * wide / 8] >> (i * wide % 8)) &
                          ((1u << wide) - 1)];
    row += (dims * wide + 7) / 8;
  }
  return sum;
}

/// Replaces the outermost levels at 4 bits by finer values; returns the number by which the factor
/// is to be multiplied.
double add_tails(std::uint32_t word, std::vector<double>* levels) {
  std::vector<std::size_t> outer;
  for (std::size_t i = 0; i < levels->size(); ++i) {
    if (std::fabs((*levels)[i]) == 127) outer.push_back(i);
  }
  double before = 0;
  double product = 0;
  double square = 0;
  const std::vector<double> coarse = *levels;
  for (std::size_t j = 0; j < std::min<std::size_t>(outer.size(), 32); ++j) {
    const std::size_t bits = std::min<std::size_t>(6, 32 / outer.size() + (j < 32 % outer.size()));
    const double cells = std::exp2(static_cast<double>(bits));
    const double cell = 32 * static_cast<double>(bits) / cells;
    double& level = (*levels)[outer[j]];
    const double finer = 111.5 + (std::fmod(static_cast<double>(word), cells) + 0.5) * cell;
    level = std::copysign(finer, level);
    word >>= bits;
  }
  for (std::size_t i = 0; i < levels->size(); ++i) {
    before += coarse[i] * coarse[i];
    product += coarse[i] * (*levels)[i];
    square += (*levels)[i] * (*levels)[i];
  }
  return before == 0 ? 1 : product / square;
}

/// The score as the header defines it, from exported rows.
double score_of(const Index& index, const Exported& rows, std::size_t row,
                const std::vector<float>& query) {
  const Options& o = index.options();
  std::vector<float> y = query;
  double constant = 0;
  double product = 0;  // of the mean and the query's component along it
  double square = 0;
  double norm = 0;
  for (const float value : query) norm += static_cast<double>(value) * static_cast<double>(value);
  for (std::size_t i = 0; i < o.dims; ++i) {
    if (o.metric == Metric::cosine) {
      y[i] = static_cast<float>(static_cast<double>(y[i]) / std::sqrt(norm));
    }
    if (!index.has_mean()) continue;
    if (o.metric == Metric::l2) {
      y[i] -= index.mean()[i];
    } else {
      constant += static_cast<double>(y[i]) * static_cast<double>(index.mean()[i]);
      square += static_cast<double>(index.mean()[i]) * static_cast<double>(index.mean()[i]);
    }
  }
  if (index.row_sizes().mean_products != 0) {
    double own = 0;
    for (const float value : y) own += static_cast<double>(value) * static_cast<double>(value);
    const double least = constant / square;
    const double left = own - least * constant;
    const double share = (least - 1) * (least - 1) * square <= 3 * left ? 1 : least;
    for (std::size_t i = 0; i < o.dims; ++i) {
      y[i] -= static_cast<float>(share) * index.mean()[i];
    }
    product = share * static_cast<double>(rows.mean_products[row]);
  }
  if (o.metric == Metric::l2) {
    for (const float value : y) constant -= static_cast<double>(value) * static_cast<double>(value);
  }
  Rotation rotation;
  EXPECT_TRUE(rotation.init(o.dims, o.seed));
  rotation.apply(y.data(), y.data());
  const bool refined = o.refine_bits != 0;
  const int bits = refined ? o.refine_bits : o.bits;
  const RowSizes sizes = index.row_sizes();
  const std::uint8_t* codes = refined ? rows.refine_codes.data() + row * sizes.refine_codes
                                      : rows.codes.data() + row * sizes.codes;
  std::vector<double> levels(o.dims);
  for (std::size_t i = 0; i < o.dims; ++i) levels[i] = level(bits, codes, i, o.dims);
  const double ratio = sizes.tails == 0 ? 1 : add_tails(rows.tails[row], &levels);
  double dot = 0;
  for (std::size_t i = 0; i < o.dims; ++i) dot += static_cast<double>(y[i]) * levels[i];
  dot *= ratio * static_cast<double>(refined ? rows.refine_factors[row] : rows.factors[row]);
  if (o.metric == Metric::l2) return 2 * dot - static_cast<double>(rows.norms[row]) + constant;
  return dot + constant + product;
}

struct Case {
  Options options;
  bool mean;
};

std::vector<Case> cases() {
  std::vector<Case> all;
  for (const std::size_t dims : {1, 3, 16, 50, 131}) {
    for (const int bits : {1, 2, 3, 4, 6, 8}) {
      for (const Metric metric : {Metric::cosine, Metric::dot, Metric::l2}) {
        for (const int refine : {0, 4, 8}) {
          Options o;
          o.dims = dims;
          o.bits = bits;
          o.metric = metric;
          o.refine_bits = refine;
          o.seed = static_cast<std::uint32_t>(dims);
          o.scale_search = refine != 4;
          o.tails = dims != 16;
          o.mean_products = dims != 50;
          all.push_back({o, (dims + static_cast<std::size_t>(bits)) % 2 == 0});
        }
      }
    }
  }
  return all;
}

TEST(VectorIndex, FindsTheBestByTheDocumentedScore) {
  std::mt19937 random(2);
  for (const Case& c : cases()) {
    const std::size_t dims = c.options.dims;
    auto index = make(c.options);
    if (c.mean) {
      const std::vector<float> mean(dims, c.options.metric == Metric::cosine ? 0.05f : 0.3f);
      ASSERT_TRUE(index->set_mean(mean.data()).ok());
    }
    const std::size_t n = 150;
    const std::vector<float> x = normals(random, n * dims, 0.3f);
    ASSERT_TRUE(index->add(x.data(), 100).ok());
    ASSERT_TRUE(index->add(x.data() + 100 * dims, 50).ok());
    for (const std::size_t gone : {0, 64, 149}) ASSERT_TRUE(index->remove(gone).ok());
    EXPECT_EQ(index->size(), n - 3);
    std::vector<std::uint32_t> allowed(5, 0xFFFFFFFFu);
    allowed[1] = 0xF0F0F0F0u;
    const Exported rows(*index);
    constexpr std::size_t kQueries = 6;
    const std::vector<float> queries = normals(random, kQueries * dims, 0.3f);
    for (const std::uint32_t* filter : {static_cast<const std::uint32_t*>(nullptr),
                                        static_cast<const std::uint32_t*>(allowed.data())}) {
      const std::size_t k = 20;
      std::vector<Hit> hits(kQueries * k);
      std::vector<std::size_t> found(kQueries);
      ASSERT_TRUE(
          index->search(queries.data(), kQueries, k, n, filter, hits.data(), found.data()).ok());
      for (std::size_t q = 0; q < kQueries; ++q) {
        const std::vector<float> query(
            queries.begin() + static_cast<std::ptrdiff_t>(q * dims),
            queries.begin() + static_cast<std::ptrdiff_t>((q + 1) * dims));
        std::vector<double> expected;
        for (std::size_t row = 0; row < n; ++row) {
          if (index->is_removed(row)) continue;
          if (filter != nullptr && ((filter[row / 32] >> (row % 32)) & 1) == 0) continue;
          expected.push_back(score_of(*index, rows, row, query));
        }
        std::sort(expected.begin(), expected.end(), std::greater<>());
        ASSERT_EQ(found[q], std::min(k, expected.size()));
        for (std::size_t i = 0; i < found[q]; ++i) {
          const Hit& hit = hits[q * k + i];
          const double tolerance = 2e-5 * static_cast<double>(dims) * (1 + std::fabs(expected[i]));
          ASSERT_NEAR(static_cast<double>(hit.score), expected[i], tolerance);
          ASSERT_NEAR(score_of(*index, rows, hit.row, query), expected[i], tolerance);
          ASSERT_FALSE(index->is_removed(hit.row));
        }
        // One query at a time gives the same as all together.
        std::vector<Hit> alone(k);
        std::size_t count = 0;
        ASSERT_TRUE(index->search(query.data(), 1, k, n, filter, alone.data(), &count).ok());
        ASSERT_EQ(count, found[q]);
        ASSERT_EQ(std::memcmp(alone.data(), hits.data() + q * k, count * sizeof(Hit)), 0);
      }
    }
  }
}

TEST(VectorIndex, TheScanIsCloseEnoughToChooseCandidates) {
  std::mt19937 random(3);
  const std::size_t dims = 96;
  const std::size_t n = 3000;
  const std::vector<float> x = normals(random, n * dims);
  for (const int bits : {1, 2, 3, 4, 6, 8}) {
    Options o;
    o.dims = dims;
    o.bits = bits;
    auto index = make(o);
    ASSERT_TRUE(index->add(x.data(), n).ok());
    const std::vector<float> queries = normals(random, 20 * dims);
    std::size_t agree = 0;
    for (std::size_t q = 0; q < 20; ++q) {
      Hit few[10];
      Hit all[10];
      std::size_t found = 0;
      const float* query = queries.data() + q * dims;
      ASSERT_TRUE(index->search(query, 1, 10, 26, nullptr, few, &found).ok());
      ASSERT_TRUE(index->search(query, 1, 10, n, nullptr, all, &found).ok());
      for (const Hit& a : few) {
        for (const Hit& b : all) agree += a.row == b.row;
      }
    }
    EXPECT_GE(agree, 199u) << bits;
  }
}

TEST(VectorIndex, EstimatesAreUnbiased) {
  std::mt19937 random(4);
  const std::size_t dims = 384;
  const std::size_t n = 400;
  std::vector<float> x = normals(random, n * dims);
  for (const int bits : {1, 2, 3, 4, 6, 8}) {
    double bias = 0;
    double square = 0;
    double count = 0;
    for (std::uint32_t seed = 0; seed < 6; ++seed) {
      Options o;
      o.dims = dims;
      o.bits = bits;
      o.seed = seed;
      auto index = make(o);
      ASSERT_TRUE(index->add(x.data(), n).ok());
      for (std::size_t q = 0; q < 40; ++q) {
        // Close to a stored vector, where a biased estimate would be visible.
        std::vector<float> query = normals(random, dims);
        for (std::size_t i = 0; i < dims; ++i) query[i] += x[q * dims + i];
        std::vector<Hit> hits(n);
        std::size_t found = 0;
        ASSERT_TRUE(index->search(query.data(), 1, n, n, nullptr, hits.data(), &found).ok());
        for (const Hit& hit : hits) {
          double dot = 0;
          double a = 0;
          double b = 0;
          for (std::size_t i = 0; i < dims; ++i) {
            const auto u = static_cast<double>(query[i]);
            const auto v = static_cast<double>(x[hit.row * dims + i]);
            dot += u * v;
            a += u * u;
            b += v * v;
          }
          const double error = static_cast<double>(hit.score) - dot / std::sqrt(a * b);
          bias += error;
          square += error * error;
          ++count;
        }
      }
    }
    const double limit[] = {
        0, 1.03 * 0.7555, 1.03 * 0.3649, 1.03 * 0.1972, 0.0905, 0, 1.03 * 0.0323, 0, 0.0103};
    EXPECT_LT(std::fabs(bias / count), 1e-3) << bits;
    EXPECT_LT(std::sqrt(square / count * static_cast<double>(dims)), limit[bits]) << bits;
  }
}

TEST(VectorIndex, EqualScoresComeInRowOrder) {
  Options o;
  o.dims = 40;
  o.bits = 2;
  auto index = make(o);
  std::mt19937 random(5);
  const std::vector<float> one = normals(random, 40);
  for (int i = 0; i < 200; ++i) ASSERT_TRUE(index->add(one.data(), 1).ok());
  Hit hits[30];
  std::size_t found = 0;
  ASSERT_TRUE(index->search(one.data(), 1, 30, 30, nullptr, hits, &found).ok());
  ASSERT_EQ(found, 30u);
  for (std::uint32_t i = 0; i < 30; ++i) EXPECT_EQ(hits[i].row, i);
}

TEST(VectorIndex, RefusesWhatItCannotHold) {
  Result result;
  Options o;
  EXPECT_EQ(Index::create(o, &result), nullptr);
  EXPECT_EQ(result.status, Status::invalid_argument);
  o.dims = 4;
  for (const int bits : {0, 5, 7, 9}) {
    o.bits = bits;
    EXPECT_EQ(Index::create(o, &result), nullptr) << bits;
  }
  o.bits = 4;
  o.metric = Metric::dot;
  auto index = make(o);
  const float nan[] = {1, 2, 3, 4, 5, NAN, 7, 8};
  result = index->add(nan, 2);
  EXPECT_EQ(result.status, Status::non_finite);
  EXPECT_EQ(result.index, 5u);
  const float huge[] = {1, 2, 3, 4, 3e38f, 3e38f, 0, 0};
  result = index->add(huge, 2);
  EXPECT_EQ(result.status, Status::too_large);
  EXPECT_EQ(result.index, 4u);
  EXPECT_EQ(index->rows(), 0u);
  EXPECT_EQ(index->remove(0).status, Status::invalid_argument);
  EXPECT_EQ(index->reserve(kMaxRows + 1).status, Status::out_of_memory);
}

TEST(VectorIndex, CosineTakesAnyFiniteSize) {
  Options o;
  o.dims = 20;
  o.bits = 8;
  auto index = make(o);
  std::mt19937 random(6);
  const std::vector<float> x = normals(random, 20);
  for (const float size : {1e-42f, 1e-30f, 1.0f, 1e30f, 5e37f}) {
    std::vector<float> scaled = x;
    for (float& value : scaled) value *= size;
    ASSERT_TRUE(index->add(scaled.data(), 1).ok());
  }
  const std::vector<float> zero(20);
  ASSERT_TRUE(index->add(zero.data(), 1).ok());
  Hit hits[6];
  std::size_t found = 0;
  ASSERT_TRUE(index->search(x.data(), 1, 6, 6, nullptr, hits, &found).ok());
  for (const Hit& hit : hits) {
    const double expected = hit.row == 5 ? 0 : 1;
    EXPECT_NEAR(static_cast<double>(hit.score), expected, hit.row == 0 ? 0.05 : 0.01);
  }
}

TEST(VectorIndex, CodesOfAFileThatAreAllZeroStandForZero) {
  for (const int refine_bits : {0, 8}) {
    Options o;
    o.dims = 20;
    o.bits = 8;
    o.refine_bits = refine_bits;
    auto index = make(o);
    const std::vector<float> x(20, 1.0f);
    ASSERT_TRUE(index->add(x.data(), 1).ok());
    Exported file(*index);
    std::fill(file.codes.begin(), file.codes.end(), std::uint8_t{0});
    std::fill(file.refine_codes.begin(), file.refine_codes.end(), std::uint8_t{0});
    auto imported = make(o);
    ASSERT_TRUE(imported->import_rows(file.arrays(), 1).ok());
    std::vector<float> back(20, 1.0f);
    ASSERT_TRUE(imported->reconstruct(0, back.data()).ok());
    EXPECT_EQ(back, std::vector<float>(20));
    Hit hit;
    std::size_t found = 0;
    ASSERT_TRUE(imported->search(x.data(), 1, 1, 1, nullptr, &hit, &found).ok());
    EXPECT_EQ(hit.score, 0.0f);
  }
}

TEST(VectorIndex, CompactionKeepsTheOthers) {
  std::mt19937 random(7);
  for (const Case& c : cases()) {
    const std::size_t dims = c.options.dims;
    if (dims > 50) continue;
    auto index = make(c.options);
    auto expected = make(c.options);
    const std::vector<float> x = normals(random, 200 * dims);
    ASSERT_TRUE(index->add(x.data(), 200).ok());
    std::bernoulli_distribution coin(0.6);
    std::vector<bool> kept(200);
    for (std::size_t row = 0; row < 200; ++row) {
      kept[row] = !coin(random);
      if (kept[row]) {
        ASSERT_TRUE(expected->add(x.data() + row * dims, 1).ok());
      } else {
        ASSERT_TRUE(index->remove(row).ok());
      }
    }
    if (dims % 2 == 0) {
      index->compact();
    } else {
      std::size_t to = 0;
      for (std::size_t from = 0; from < 200; from += 37) {
        index->compact_some(from, to, 37);
        const auto begin = kept.begin() + static_cast<std::ptrdiff_t>(from);
        to += static_cast<std::size_t>(
            std::count(begin, begin + std::min<std::ptrdiff_t>(37, kept.end() - begin), true));
        ASSERT_EQ(index->size(), expected->size());
        if (to > 0) {
          EXPECT_FALSE(index->is_removed(to - 1));
        }
      }
      index->truncate(to);
    }
    ASSERT_EQ(index->rows(), expected->rows());
    Exported a(*index);
    Exported b(*expected);
    EXPECT_EQ(a.codes, b.codes);
    EXPECT_EQ(a.factors, b.factors);
    EXPECT_EQ(a.refine_codes, b.refine_codes);
    auto imported = make(c.options);
    ASSERT_TRUE(imported->import_rows(a.arrays(), index->rows()).ok());
    Exported d(*imported);
    EXPECT_EQ(a.codes, d.codes);
    EXPECT_EQ(a.norms, d.norms);
    EXPECT_EQ(a.tails, d.tails);
    ASSERT_TRUE(imported->add(x.data(), 20).ok());
    imported->truncate(index->rows());
    Exported e(*imported);
    EXPECT_EQ(a.codes, e.codes);
    if (index->rows() == 0) continue;
    a.factors[0] = INFINITY;
    auto refused = make(c.options);
    EXPECT_EQ(refused->import_rows(a.arrays(), index->rows()).status, Status::corrupt_data);
    EXPECT_EQ(refused->rows(), 0u);
  }
}

TEST(VectorIndex, ReplaceIsAsIfAddedThere) {
  std::mt19937 random(8);
  for (const Case& c : cases()) {
    const std::size_t dims = c.options.dims;
    const std::vector<float> x = normals(random, 70 * dims);
    const std::vector<float> other = normals(random, dims);
    auto index = make(c.options);
    auto expected = make(c.options);
    ASSERT_TRUE(index->add(x.data(), 70).ok());
    ASSERT_TRUE(index->replace(66, other.data()).ok());
    ASSERT_TRUE(expected->add(x.data(), 66).ok());
    ASSERT_TRUE(expected->add(other.data(), 1).ok());
    ASSERT_TRUE(expected->add(x.data() + 67 * dims, 3).ok());
    Exported a(*index);
    Exported b(*expected);
    EXPECT_EQ(a.codes, b.codes);
    EXPECT_EQ(a.factors, b.factors);
    EXPECT_EQ(a.norms, b.norms);
    EXPECT_EQ(a.tails, b.tails);
    EXPECT_EQ(a.refine_codes, b.refine_codes);
  }
}

TEST(VectorIndex, CalibrationTakesAxesWhereTheyHelp) {
  std::mt19937 random(10);
  const std::size_t dims = 96;
  for (const std::size_t n : {1, 10, 30, 2000}) {
    for (const Metric metric : {Metric::cosine, Metric::dot, Metric::l2}) {
      std::vector<float> x = normals(random, n * dims);
      Options o;
      o.dims = dims;
      o.bits = 2;
      o.metric = metric;
      auto index = make(o);
      ASSERT_TRUE(index->calibrate(x.data(), n).ok());
      EXPECT_FALSE(index->has_mean());  // the sample's mean is close to the distribution's, 0
      EXPECT_FALSE(index->has_transform());
      for (std::size_t i = 0; i < x.size(); ++i) x[i] /= static_cast<float>(1 + i % dims);
      ASSERT_TRUE(index->calibrate(x.data(), n).ok());
      EXPECT_EQ(index->has_transform(), n == 2000);
      ASSERT_TRUE(index->add(x.data(), n).ok());
      const Fit fit = index->fit();
      EXPECT_EQ(fit.count, n);
      EXPECT_EQ(fit.expected > 0, n >= 10);
      if (n == 2000) {
        EXPECT_NEAR(fit.seen, fit.expected, 0.06 * fit.expected);
      }
    }
  }
}

TEST(VectorIndex, CalibrationTakesAMeanThatIsThere) {
  std::mt19937 random(11);
  const std::size_t dims = 64;
  for (const std::size_t n : {1, 2, 20, 500}) {
    for (const bool axes : {false, true}) {
      const std::vector<float> x = normals(random, n * dims, 3);
      Options o;
      o.dims = dims;
      o.bits = 1;
      auto index = make(o);
      ASSERT_TRUE(index->calibrate(x.data(), n, axes).ok());
      EXPECT_EQ(index->has_mean(), n > 1) << n;
      // Vectors of another distribution are detected.
      const std::vector<float> other = normals(random, 100 * dims, -3);
      ASSERT_TRUE(index->add(x.data(), n).ok());
      const double near = index->fit().seen;
      ASSERT_TRUE(index->add(other.data(), 100).ok());
      if (n == 500) {
        EXPECT_GT(index->fit().seen, 1.5 * near);
      }
    }
  }
}

TEST(VectorIndex, CalibrationRefusesWhatCannotBeAdded) {
  Options o;
  o.dims = 1;
  for (const Metric metric : {Metric::cosine, Metric::dot, Metric::l2}) {
    o.metric = metric;
    auto index = make(o);
    for (const std::size_t n : {3, 300}) {
      std::vector<float> x(n, 3.4e38f);
      for (std::size_t i = 0; i < n; i += 3) x[i] = -3.4e38f;
      const Result result = index->calibrate(x.data(), n);
      EXPECT_EQ(result.status, metric == Metric::cosine ? Status::ok : Status::too_large);
      x[n - 1] = NAN;
      EXPECT_EQ(index->calibrate(x.data(), n).status, Status::non_finite);
      EXPECT_EQ(index->calibrate(x.data(), n).index, n - 1);
    }
  }
}

TEST(VectorIndex, CrowdedVectorsAreFoundAsByL2) {
  std::mt19937 random(12);
  const std::size_t dims = 128;
  const std::size_t n = 2000;
  const std::size_t count = 60;
  std::vector<float> x = normals(random, (n + count) * dims, 3);  // cosines of .9
  for (std::size_t r = 0; r < n + count; ++r) {
    double square = 0;
    for (std::size_t i = 0; i < dims; ++i) {
      square += static_cast<double>(x[r * dims + i]) * static_cast<double>(x[r * dims + i]);
    }
    for (std::size_t i = 0; i < dims; ++i) {
      x[r * dims + i] =
          static_cast<float>(static_cast<double>(x[r * dims + i]) / std::sqrt(square));
    }
  }
  std::vector<float> mean(dims);
  for (std::size_t i = 0; i < n * dims; ++i) mean[i % dims] += x[i] / static_cast<float>(n);
  const float* queries = x.data() + n * dims;
  std::vector<std::vector<Hit>> found;
  for (const Metric metric : {Metric::l2, Metric::cosine, Metric::dot}) {
    Options o;
    o.dims = dims;
    o.bits = 4;
    o.metric = metric;
    o.tails = false;
    auto index = make(o);
    ASSERT_TRUE(index->set_mean(mean.data()).ok());
    ASSERT_TRUE(index->add(x.data(), n).ok());
    found.emplace_back(count * 10);
    std::vector<std::size_t> sizes(count);
    ASSERT_TRUE(
        index->search(queries, count, 10, 40, nullptr, found.back().data(), sizes.data()).ok());
  }
  for (std::size_t m = 1; m < 3; ++m) {
    std::size_t same = 0;
    for (std::size_t q = 0; q < count; ++q) {
      for (std::size_t i = 0; i < 10; ++i) {
        const Hit& hit = found[m][q * 10 + i];
        double exact = 0;
        for (std::size_t j = 0; j < dims; ++j) {
          exact += static_cast<double>(queries[q * dims + j]) *
                   static_cast<double>(x[hit.row * dims + j]);
        }
        // A tenth of the residual's square, times the error of 4 bits.
        EXPECT_NEAR(static_cast<double>(hit.score), exact, 0.1 * 0.1 * 5 / std::sqrt(dims));
        for (std::size_t j = 0; j < 10; ++j) same += hit.row == found[0][q * 10 + j].row;
      }
    }
    // Nearly the same codes and the same order: the query less its share of the mean is slightly
    // shorter than less the mean.
    EXPECT_GE(same, count * 9) << m;
  }
}

TEST(VectorIndex, RefusesWhatNoVectorCanHave) {
  Options o;
  o.dims = 24;
  for (const int bits : {1, 3, 4, 8}) {
    for (const int refine : {0, 4, 8}) {
      for (const Metric metric : {Metric::cosine, Metric::dot, Metric::l2}) {
        o.bits = bits;
        o.refine_bits = refine;
        o.metric = metric;
        auto index = make(o);
        std::vector<float> mean(24, 1e19f);
        EXPECT_EQ(index->set_mean(mean.data()).status, Status::too_large);
        mean.assign(24, 0.5f);
        ASSERT_TRUE(index->set_mean(mean.data()).ok());
        // Any vector that can be added can be imported again.
        std::vector<float> x(24);
        x[5] = 0.99e18f;
        ASSERT_TRUE(index->add(x.data(), 1).ok());
        Exported rows(*index);
        ASSERT_TRUE(index->import_rows(rows.arrays(), 1).ok());
        const auto refused = [&](float* value, float huge) {
          const float before = *value;
          *value = huge;
          EXPECT_EQ(index->import_rows(rows.arrays(), 1).status, Status::corrupt_data) << huge;
          *value = before;
        };
        for (const float huge : {3e38f, INFINITY, NAN}) {
          refused(rows.factors.data(), huge);
          refused(metric == Metric::l2 ? rows.norms.data() : rows.mean_products.data(), huge);
          if (refine != 0) refused(rows.refine_factors.data(), huge);
        }
        if (metric == Metric::l2) {
          refused(rows.norms.data(), 4.2e36f);
          refused(rows.norms.data(), -1e-30f);
        } else {
          const float huge = metric == Metric::cosine ? 8.6f : 2.5e18f;
          refused(rows.mean_products.data(), huge);
          refused(rows.mean_products.data(), -huge);
          rows.mean_products[0] = metric == Metric::cosine ? -8.4f : 2.47e18f;
          EXPECT_TRUE(index->import_rows(rows.arrays(), 1).ok());
          index->truncate(2);
        }
        EXPECT_EQ(index->rows(), 2u);
      }
    }
  }
}

TEST(VectorIndex, TakesOrthonormalTransformsAlone) {
  Options o;
  o.dims = 16;
  auto index = make(o);
  std::vector<float> matrix(256);
  for (std::size_t i = 0; i < 16; ++i) matrix[i * 16 + (i + 3) % 16] = 1;
  const Segment whole{16, 4, 1.0f};
  ASSERT_TRUE(index->set_transform(matrix.data(), &whole, 1).ok());
  const Segment huge{16, 4, 1e19f};
  EXPECT_EQ(index->set_transform(matrix.data(), &huge, 1).status, Status::invalid_argument);
  for (const float value : {0.0f, 1.1f, 1e30f}) {
    std::vector<float> other = matrix;
    other[3] = value;
    EXPECT_EQ(index->set_transform(other.data(), &whole, 1).status, Status::invalid_argument);
  }
  std::vector<float> twice = matrix;  // two equal rows: of norm 1, but not a basis
  std::copy_n(twice.begin(), 16, twice.begin() + 16);
  EXPECT_EQ(index->set_transform(twice.data(), &whole, 1).status, Status::invalid_argument);
}

TEST(VectorIndex, ReconstructionComesBackClose) {
  std::mt19937 random(9);
  const std::size_t dims = 200;
  for (const Metric metric : {Metric::cosine, Metric::dot, Metric::l2}) {
    for (const int bits : {1, 2, 3, 4, 6, 8}) {
      Options o;
      o.dims = dims;
      o.bits = bits;
      o.metric = metric;
      auto index = make(o);
      // The mean of many vectors: in a single one, a value beyond the outermost cell has a large
      // effect.
      constexpr std::size_t kVectors = 40;
      const std::vector<float> x = normals(random, kVectors * dims, 0.2f);
      ASSERT_TRUE(index->add(x.data(), kVectors).ok());
      std::vector<float> y(dims);
      double left = 0;
      for (std::size_t row = 0; row < kVectors; ++row) {
        ASSERT_TRUE(index->reconstruct(row, y.data()).ok());
        const float* const own = x.data() + row * dims;
        double norm = 0;
        double error = 0;
        for (std::size_t i = 0; i < dims; ++i) norm += std::pow(static_cast<double>(own[i]), 2);
        const double size = metric == Metric::cosine ? std::sqrt(norm) : 1;
        for (std::size_t i = 0; i < dims; ++i) {
          error += std::pow(static_cast<double>(own[i]) / size - static_cast<double>(y[i]), 2);
        }
        left += error / (norm / (size * size)) / kVectors;
      }
      // The nearest point on the code's ray has its distortion D as squared error; the point of
      // norm 1 has the squared chord.
      const double distortion = codebook(bits)->distortion;
      const double chord = 2 - 2 * std::sqrt(1 - distortion);
      const double expected = metric == Metric::cosine ? chord : distortion;
      EXPECT_LT(left, expected * 1.1 + 1e-4) << bits;
    }
  }
}

}  // namespace
}  // namespace fewbits::vectors
