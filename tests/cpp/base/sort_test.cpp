// Sorting and selecting against the standard library, in orders that are hard for a quicksort.

#include "base/sort.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <functional>
#include <random>
#include <vector>

namespace fewbits {
namespace {

using Values = std::vector<std::uint64_t>;

/// Random, all equal, few different, ascending, descending, and the worst case of a median of
/// three.
std::vector<Values> inputs(std::size_t n) {
  std::mt19937_64 random(n);
  std::vector<Values> all(6, Values(n));
  for (std::size_t i = 0; i < n; ++i) {
    all[0][i] = random();
    all[1][i] = 7;
    all[2][i] = random() % 3;
    all[3][i] = i;
    all[4][i] = n - i;
    all[5][i] = i % 2 == 0 ? i / 2 : n / 2 + i / 2;
  }
  return all;
}

TEST(Sort, OrdersAsTheStandardLibraryDoes) {
  for (std::size_t n = 0; n < 300; ++n) {
    for (const Values& given : inputs(n)) {
      Values sorted = given;
      Values expected = given;
      sort(sorted.data(), n, std::greater<>());
      std::sort(expected.begin(), expected.end(), std::greater<>());
      ASSERT_EQ(sorted, expected) << n;
    }
  }
}

TEST(Sort, ManyValuesTakeTheTimeOfFew) {
  const std::size_t n = 300'000;
  for (const Values& given : inputs(n)) {
    Values sorted = given;
    sort(sorted.data(), n, std::less<>());
    ASSERT_TRUE(std::is_sorted(sorted.begin(), sorted.end()));
  }
}

TEST(Sort, WithoutDepthLeftAHeapSorts) {
  for (std::size_t n = 0; n < 200; ++n) {
    for (const Values& given : inputs(n)) {
      Values sorted = given;
      sorting::sort_some(sorted.data(), n, 0, n, 0, std::less<>());
      ASSERT_TRUE(std::is_sorted(sorted.begin(), sorted.end())) << n;
      Values again = given;
      sorting::heap_sort(again.data(), n, std::less<>());
      ASSERT_EQ(again, sorted);
    }
  }
}

TEST(Select, PutsOneInPlaceAndPartsTheOthers) {
  for (const std::size_t n : {1, 2, 16, 17, 18, 100, 257, 5000}) {
    for (const Values& given : inputs(n)) {
      Values sorted = given;
      std::sort(sorted.begin(), sorted.end());
      for (std::size_t nth = 0; nth < n; nth += 1 + n / 50) {
        Values parted = given;
        select(parted.data(), n, nth, std::less<>());
        ASSERT_EQ(parted[nth], sorted[nth]);
        for (std::size_t i = 0; i < n; ++i) {
          ASSERT_TRUE(i < nth ? parted[i] <= parted[nth] : parted[i] >= parted[nth]) << n;
        }
        std::sort(parted.begin(), parted.end());
        ASSERT_EQ(parted, sorted);
      }
    }
  }
}

}  // namespace
}  // namespace fewbits
