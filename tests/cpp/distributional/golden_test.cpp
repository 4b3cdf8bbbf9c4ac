// The Python package's own results, reproduced by the reference mode.

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstring>
#include <fstream>
#include <map>
#include <sstream>
#include <string>
#include <vector>

#include "fewbits/distributional.h"

namespace fewbits::distributional {
namespace {

const char* const kNames[] = {"gaussian",     "gaussian_cdf", "logistic",
                              "logistic_cdf", "cauchy_cdf",   "gumbel",
                              "gumbel_cdf",   "exponential",  "exponential_cdf"};

int distribution_named(const std::string& name) {
  for (int i = 0; i < kDistributions; ++i) {
    if (name == kNames[i]) return i;
  }
  return -1;
}

template <typename Code>
void check(const Codebook& book, const std::vector<float>& x, unsigned bits, double scale,
           double abs_error, const std::vector<std::uint64_t>& words,
           const std::vector<float>& levels) {
  std::vector<Code> codes(x.size());
  ErrorSums errors;
  ASSERT_TRUE(book.encode(x.data(), x.size(), codes.data(), &errors).ok());
  EXPECT_NEAR(errors.mean_absolute() / abs_error, 1, 1e-5);

  std::vector<Code> expected(x.size());
  ASSERT_TRUE(unpack_words(words.data(), x.size(), bits, expected.data()).ok());
  std::size_t different = 0;
  for (std::size_t i = 0; i < x.size(); ++i) {
    if (codes[i] == expected[i]) continue;
    ++different;
    ASSERT_EQ(std::abs(static_cast<int>(codes[i]) - static_cast<int>(expected[i])), 1) << i;
  }
  if (bits <= 8) {
    EXPECT_EQ(different, 0u);
  } else {
    EXPECT_LE(static_cast<double>(different), 5e-4 * static_cast<double>(x.size()));
  }

  // The words of the package for exactly these indices.
  std::vector<std::uint64_t> packed(words.size());
  ASSERT_TRUE(pack_words(expected.data(), expected.size(), bits, packed.data()).ok());
  EXPECT_EQ(packed, words);
  std::vector<float> decoded(x.size());
  ASSERT_TRUE(book.decode(expected.data(), expected.size(), decoded.data()).ok());
  std::map<unsigned, float> level_of;
  for (const Code code : expected) level_of[code] = 0;
  ASSERT_EQ(level_of.size(), levels.size());
  std::size_t next = 0;
  for (auto& [code, level] : level_of) level = levels[next++];
  for (std::size_t i = 0; i < x.size(); ++i) {
    const double level = level_of[expected[i]];
    // Where loc and the quantile cancel, the last bits of PyTorch's tan and erfinv become visible.
    ASSERT_NEAR(decoded[i], level, std::max(1e-5 * std::fabs(level), 2.5e-7 * scale)) << i;
  }
}

TEST(Golden, ReferenceReturnsWhatThePackageReturns) {
  std::ifstream table(FEWBITS_GOLDEN "/distquant/cases.tsv");
  std::ifstream file(FEWBITS_GOLDEN "/distquant/cases.bin", std::ios::binary);
  const std::string bytes{std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
  ASSERT_FALSE(bytes.empty());
  const auto read = [&](std::size_t offset, auto* values) {
    std::memcpy(values->data(), bytes.data() + offset, values->size() * sizeof((*values)[0]));
  };
  std::map<std::string, std::vector<float>> inputs;
  std::size_t cases = 0;
  std::string line;
  while (std::getline(table, line)) {
    std::istringstream cells(line);
    std::vector<std::string> f;
    for (std::string cell; std::getline(cells, cell, '\t');) f.push_back(cell);
    if (f[0] == "input") {
      std::vector<float> x(std::stoul(f[3]));
      read(std::stoul(f[2]), &x);
      inputs[f[1]] = x;
    }
    if (f[0] != "case") continue;
    SCOPED_TRACE(line);
    ++cases;
    FitOptions options;
    options.reference = true;
    options.n = f[3] == "-" ? 1u << std::stoul(f[2]) : static_cast<std::uint32_t>(std::stoul(f[3]));
    options.distribution = distribution_named(f[4]);
    options.beta = f[5] == "-" ? 0 : std::stod(f[5]);
    options.has_zero = f[6] != "-";
    if (options.has_zero) options.zero = std::stod(f[6]);
    const std::vector<float>& x = inputs[f[1]];
    Fit fit;
    ASSERT_TRUE(fit.begin(options).ok());
    while (fit.next_pass()) {
      // In pieces of an odd length.
      for (std::size_t i = 0; i < x.size(); i += 77) {
        ASSERT_TRUE(fit.accumulate(x.data() + i, std::min<std::size_t>(77, x.size() - i)).ok());
      }
    }
    ASSERT_TRUE(fit.status().ok());
    const Formula& found = fit.formula();
    EXPECT_EQ(kNames[static_cast<int>(found.distribution)], f[7]);
    EXPECT_NEAR(found.scale, std::stod(f[8]), 1e-6 * std::stod(f[8]));
    EXPECT_NEAR(found.loc, std::stod(f[9]), 1e-6 * std::fabs(std::stod(f[9])));
    EXPECT_EQ(std::to_string(found.n), f[10]);
    EXPECT_EQ(found.beta, std::stod(f[11]));

    Codebook book;
    ASSERT_TRUE(book.assign_reference(found).ok());
    std::vector<std::uint64_t> words(std::stoul(f[14]));
    read(std::stoul(f[13]), &words);
    std::vector<float> levels(std::stoul(f[16]));
    read(std::stoul(f[15]), &levels);
    unsigned bits = 1;
    while ((1u << bits) < found.n) ++bits;
    if (found.n <= 256) {
      check<std::uint8_t>(book, x, bits, found.scale, std::stod(f[12]), words, levels);
    } else {
      check<std::uint16_t>(book, x, bits, found.scale, std::stod(f[12]), words, levels);
    }
  }
  EXPECT_EQ(cases, 144u);
}

}  // namespace
}  // namespace fewbits::distributional
