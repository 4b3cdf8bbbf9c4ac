// Codebooks: errors as theory predicts, codes by the formula for every value, equal kernels. Long
// because every distribution and every kernel is tried.

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <random>
#include <vector>

#include "distributional/kernels.h"
#include "fewbits/distributional.h"

namespace fewbits::distributional {
namespace {

constexpr float kMost = std::numeric_limits<float>::max();

struct Tables {
  std::vector<float> thresholds;
  std::vector<float> levels;
  explicit Tables(const Formula& f) : thresholds(f.n - 1), levels(f.n) {
    EXPECT_TRUE(make_codebook(f, thresholds.data(), levels.data()).ok());
  }
  std::uint32_t code(float x) const {
    return static_cast<std::uint32_t>(std::upper_bound(thresholds.begin(), thresholds.end(), x) -
                                      thresholds.begin());
  }
  double gaussian_error() const {
    const std::vector<double> t(thresholds.begin(), thresholds.end());
    const std::vector<double> l(levels.begin(), levels.end());
    return mean_squared_error(Source::gaussian, l.size(), t.data(), l.data());
  }
};

// Mean squared error on N(0,1) at 1 to 8 bits, beta 1.
constexpr double kOrder1[] = {.38771,    .124223,    .0368682,   .0105054,
                              .00291905, 7.97327e-4, 2.15102e-4, 5.74865e-5};
constexpr double kOrder2[] = {.50055,    .151665,    .0406132,   .0104274,
                              .00263523, 6.61822e-4, 1.65785e-4, 4.14829e-5};
constexpr double kOrder2Centroids[] = {.36338,    .124359,    .0362994,   .0098074,
                                       .00255047, 6.50572e-4, 1.64318e-4, 4.12940e-5};

TEST(Codebook, ErrorOnTheGaussianAsTheoryHasIt) {
  for (unsigned bits = 1; bits <= 8; ++bits) {
    Formula f;
    f.n = 1u << bits;
    EXPECT_NEAR(Tables(f).gaussian_error() / kOrder1[bits - 1], 1, 1e-5) << bits;
    f.order = 2;
    EXPECT_NEAR(Tables(f).gaussian_error() / kOrder2[bits - 1], 1, 1e-5) << bits;
    f.levels = Levels::centroid;
    EXPECT_NEAR(Tables(f).gaussian_error() / kOrder2Centroids[bits - 1], 1, 1e-5) << bits;
  }
}

std::vector<Formula> all_formulas() {
  std::vector<Formula> all;
  std::mt19937 random(7);
  for (int d = 0; d < kDistributions; ++d) {
    for (const int order : {1, 2}) {
      for (const std::uint32_t n : {2u, 3u, 15u, 16u, 33u, 128u, 255u, 256u}) {
        Formula f;
        f.distribution = static_cast<Distribution>(d);
        f.order = order;
        f.n = n;
        // Centred, shifted and far from zero; scaled by unusual factors.
        f.loc = n % 3 == 0 ? 0
                           : std::ldexp(static_cast<double>(random()) / 4294967296.0 - 0.5,
                                        static_cast<int>(random() % 12));
        f.scale = std::ldexp(1 + static_cast<double>(random()) / 4294967296.0,
                             static_cast<int>(random() % 9) - 6);
        f.beta = 0.5 + static_cast<double>(random()) / 4294967296.0;
        all.push_back(f);
      }
    }
  }
  return all;
}

TEST(Codebook, CodeEqualsTheFormulaForEveryValue) {
  const std::vector<Formula> formulas = all_formulas();
  const std::size_t each = 10'000'000 / formulas.size() + 1;
  std::mt19937 random(3);
  for (const Formula& f : formulas) {
    const Tables tables(f);
    ASSERT_TRUE(std::is_sorted(tables.thresholds.begin(), tables.thresholds.end()));
    for (const float t : tables.thresholds) {
      float x = t;
      for (int i = 0; i < 3; ++i) x = std::nextafter(x, -kMost);
      for (int i = 0; i < 7; ++i, x = std::nextafter(x, kMost)) {
        ASSERT_EQ(tables.code(x), index_of(f, x)) << static_cast<int>(f.distribution) << ' ' << x;
      }
    }
    for (const float x : {0.0f, -0.0f, kMost, -kMost, std::numeric_limits<float>::denorm_min(),
                          static_cast<float>(f.loc)}) {
      ASSERT_EQ(tables.code(x), index_of(f, x)) << static_cast<int>(f.distribution) << ' ' << x;
    }
    for (std::size_t i = 0; i < each; ++i) {
      const double spread = static_cast<double>(random()) / 4294967296.0 * 24 - 12;
      const float x = static_cast<float>(f.loc + f.scale * spread);
      ASSERT_EQ(tables.code(x), index_of(f, x)) << static_cast<int>(f.distribution) << ' ' << x;
    }
  }
}

TEST(Codebook, LevelsAreFiniteAscendAndLieInTheirCells) {
  for (Formula f : all_formulas()) {
    for (const Levels levels : {Levels::midpoint, Levels::centroid}) {
      f.levels = levels;
      const Tables tables(f);
      for (std::uint32_t i = 0; i < f.n; ++i) {
        ASSERT_TRUE(std::isfinite(tables.levels[i]));
        if (i > 0) {
          ASSERT_LE(tables.levels[i - 1], tables.levels[i]);
        }
        ASSERT_EQ(tables.code(tables.levels[i]), i) << static_cast<int>(f.distribution);
      }
    }
  }
}

TEST(Codebook, ExtremeScalesStayFinite) {
  for (const double scale : {0.0, 1e-45, 1e-30, 1e30, static_cast<double>(kMost)}) {
    for (int d = 0; d < kDistributions; ++d) {
      for (const double loc : {0.0, 1.0, static_cast<double>(kMost), -static_cast<double>(kMost)}) {
        Formula f;
        f.distribution = static_cast<Distribution>(d);
        f.scale = scale;
        f.loc = loc;
        f.beta = 10;
        const Tables tables(f);
        for (const float level : tables.levels) ASSERT_TRUE(std::isfinite(level));
        for (const float x : {0.0f, kMost, -kMost, static_cast<float>(loc)}) {
          ASSERT_EQ(tables.code(x), index_of(f, x)) << scale << ' ' << d << ' ' << loc << ' ' << x;
        }
        if (scale == 0) {
          EXPECT_EQ(tables.levels[tables.code(static_cast<float>(loc))], static_cast<float>(loc));
        }
      }
    }
  }
}

TEST(Codebook, RefusesWhatItCannotMake) {
  float thresholds[16];
  float levels[16];
  Formula f;
  for (const auto& spoil : {+[](Formula* g) { g->n = 1; }, +[](Formula* g) { g->n = 65537; },
                            +[](Formula* g) { g->beta = 0; }, +[](Formula* g) { g->scale = -1; },
                            +[](Formula* g) { g->order = 3; }, +[](Formula* g) { g->loc = NAN; },
                            +[](Formula* g) { g->distribution = static_cast<Distribution>(11); }}) {
    Formula bad = f;
    spoil(&bad);
    EXPECT_EQ(make_codebook(bad, thresholds, levels).status, Status::invalid_argument);
  }
  const float unsorted[] = {1, 0};
  Codebook book;
  EXPECT_EQ(book.assign(3, unsorted, levels).status, Status::invalid_argument);
  const float sorted[] = {0, 1};
  levels[0] = levels[1] = levels[2] = 0;
  ASSERT_TRUE(book.assign(3, sorted, levels).ok());
  const std::uint8_t codes[] = {0, 2, 3};
  float out[3];
  const Result result = book.decode(codes, 3, out);
  EXPECT_EQ(result.status, Status::corrupt_data);
  EXPECT_EQ(result.index, 2u);
}

// Scalar and SIMD kernels give the same bits for any length and phase.
#if FEWBITS_SIMD

class Kernels : public testing::Test {
 protected:
  std::mt19937 random{11};
  std::vector<float> values(std::size_t n) {
    std::vector<float> x(n);
    std::normal_distribution<float> normal;
    for (float& v : x) v = normal(random);
    if (n > 5) {
      x[0] = kMost;
      x[1] = -kMost;
      x[2] = -0.0f;
      x[3] = std::numeric_limits<float>::denorm_min();
      x[4] = x[5];
    }
    return x;
  }
};

TEST_F(Kernels, MomentsAndErrors) {
  for (std::size_t n = 0; n < 70; ++n) {
    for (std::size_t phase = 0; phase < 4; ++phase) {
      const std::vector<float> x = values(n);
      Moments a;
      Moments b;
      EXPECT_TRUE(scalar::add_moments(x.data(), n, phase, 0.25, &a));
      EXPECT_TRUE(simd::add_moments(x.data(), n, phase, 0.25, &b));
      for (int lane = 0; lane < 4; ++lane) {
        ASSERT_EQ(a.sum[lane], b.sum[lane]);
        ASSERT_EQ(a.square[lane], b.square[lane]);
      }
      ASSERT_EQ(a.low, b.low);
      ASSERT_EQ(a.high, b.high);

      std::vector<float> levels = values(300);
      std::vector<std::uint8_t> codes(n);
      std::vector<std::uint16_t> wide(n);
      for (std::size_t i = 0; i < n; ++i) {
        codes[i] = static_cast<std::uint8_t>(random());
        wide[i] = static_cast<std::uint16_t>(random() % 300);
      }
      Errors e[4];
      scalar::add_errors(x.data(), codes.data(), levels.data(), levels.size(), n, phase, &e[0]);
      simd::add_errors(x.data(), codes.data(), levels.data(), levels.size(), n, phase, &e[1]);
      scalar::add_errors(x.data(), wide.data(), levels.data(), levels.size(), n, phase, &e[2]);
      simd::add_errors(x.data(), wide.data(), levels.data(), levels.size(), n, phase, &e[3]);
      for (int lane = 0; lane < 4; ++lane) {
        ASSERT_EQ(e[0].absolute[lane], e[1].absolute[lane]);
        ASSERT_EQ(e[0].squared[lane], e[1].squared[lane]);
        ASSERT_EQ(e[2].absolute[lane], e[3].absolute[lane]);
        ASSERT_EQ(e[2].squared[lane], e[3].squared[lane]);
      }
      std::vector<float> out[2] = {std::vector<float>(n), std::vector<float>(n)};
      scalar::decode(codes.data(), levels.data(), levels.size(), n, out[0].data());
      simd::decode(codes.data(), levels.data(), levels.size(), n, out[1].data());
      ASSERT_EQ(out[0], out[1]);
      for (unsigned bits = 1; bits <= 8; ++bits) {
        for (auto& code : codes) code &= static_cast<std::uint8_t>((1u << bits) - 1);
        std::vector<std::uint64_t> words[2] = {std::vector<std::uint64_t>(n + 1),
                                               std::vector<std::uint64_t>(n + 1)};
        scalar::pack_words(codes.data(), n, bits, words[0].data());
        simd::pack_words(codes.data(), n, bits, words[1].data());
        ASSERT_EQ(words[0], words[1]);
        std::vector<std::uint8_t> scalar_codes(n);
        scalar::unpack_words(words[0].data(), n, bits, scalar_codes.data());
        ASSERT_EQ(scalar_codes, codes);
        std::vector<std::uint8_t> unpacked(n);
        ASSERT_TRUE(unpack_words(words[0].data(), n, bits, unpacked.data()).ok());
        ASSERT_EQ(unpacked, codes);
        for (auto& code : codes) code = static_cast<std::uint8_t>(random());
      }
    }
  }
  for (std::size_t at = 0; at < 33; ++at) {
    std::vector<float> x(33, 1.0f);
    x[at] = at % 2 == 0 ? NAN : -INFINITY;
    Moments m;
    EXPECT_FALSE(scalar::add_moments(x.data(), x.size(), 1, 0, &m));
    EXPECT_FALSE(simd::add_moments(x.data(), x.size(), 1, 0, &m));
  }
}

TEST_F(Kernels, FewLevelsOfManyCodes) {
  for (std::size_t cells = 1; cells <= 17; ++cells) {
    const std::vector<float> levels = values(cells);
    for (const std::size_t n : {255, 256, 257, 273, 400, 1000}) {
      for (std::size_t phase = 0; phase < 4; ++phase) {
        const std::vector<float> x = values(n);
        std::vector<std::uint8_t> codes(n);
        for (auto& code : codes) code = static_cast<std::uint8_t>(random() % cells);
        Errors e[2];
        scalar::add_errors(x.data(), codes.data(), levels.data(), cells, n, phase, &e[0]);
        simd::add_errors(x.data(), codes.data(), levels.data(), cells, n, phase, &e[1]);
        for (int lane = 0; lane < 4; ++lane) {
          ASSERT_EQ(e[0].absolute[lane], e[1].absolute[lane]);
          ASSERT_EQ(e[0].squared[lane], e[1].squared[lane]);
        }
        std::vector<float> out[2] = {std::vector<float>(n), std::vector<float>(n)};
        scalar::decode(codes.data(), levels.data(), cells, n, out[0].data());
        simd::decode(codes.data(), levels.data(), cells, n, out[1].data());
        ASSERT_EQ(out[0], out[1]);
      }
    }
  }
}

TEST_F(Kernels, EncodeAnyThresholds) {
  for (const std::size_t n : {1, 2, 3, 7, 9, 12, 15, 16, 17, 31, 64, 200, 256, 257, 1000, 65536}) {
    for (int kind = 0; kind < 4; ++kind) {
      // Smooth, clustered, all equal, and with infinite ends.
      std::vector<float> thresholds(n - 1);
      std::normal_distribution<float> normal;
      for (float& t : thresholds) {
        t = kind == 2 ? 1.0f : normal(random);
        if (kind == 1) t = std::ldexp(t, -static_cast<int>(random() % 30));
      }
      std::sort(thresholds.begin(), thresholds.end());
      if (kind == 3 && n > 2) thresholds.back() = INFINITY;
      const std::vector<float> levels(n, 0.5f);
      Codebook book;
      ASSERT_TRUE(book.assign(n, thresholds.data(), levels.data()).ok());
      std::vector<float> x = values(3000 + n % 7);
      for (std::size_t i = 0; i < x.size(); i += 3) {
        if (n < 2) break;
        const float t = thresholds[random() % (n - 1)];
        x[i] = random() % 2 == 0 ? t : std::nextafter(t, -kMost);
        if (!std::isfinite(x[i])) x[i] = 0;
      }
      x[7] = NAN;
      std::vector<std::uint32_t> expected(x.size());
      for (std::size_t i = 0; i < x.size(); ++i) {
        expected[i] = static_cast<std::uint32_t>(std::count_if(thresholds.begin(), thresholds.end(),
                                                               [&](float t) { return t <= x[i]; }));
      }
      if (n <= 256) {
        std::vector<std::uint8_t> codes(x.size());
        ASSERT_TRUE(book.encode(x.data(), x.size(), codes.data(), nullptr).ok());
        ASSERT_TRUE(std::equal(codes.begin(), codes.end(), expected.begin())) << n << ' ' << kind;
      } else {
        std::vector<std::uint16_t> codes(x.size());
        ASSERT_TRUE(book.encode(x.data(), x.size(), codes.data(), nullptr).ok());
        ASSERT_TRUE(std::equal(codes.begin(), codes.end(), expected.begin())) << n << ' ' << kind;
      }
    }
  }
}

#endif

}  // namespace
}  // namespace fewbits::distributional
