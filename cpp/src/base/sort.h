// Sorting in little code: an instance of the standard library's sort takes three kilobytes.

#pragma once

#include <bit>
#include <cstddef>
#include <utility>

namespace fewbits {

namespace sorting {

/// Sorts in O(n log n) whatever the order of the input.
template <typename T, typename Before>
void heap_sort(T* x, std::size_t n, Before before) {
  for (std::size_t start = n / 2, end = n; end > 1;) {
    if (start > 0)
      --start;
    else
      std::swap(x[0], x[--end]);
    for (std::size_t root = start, child; (child = 2 * root + 1) < end; root = child) {
      if (child + 1 < end && before(x[child], x[child + 1])) ++child;
      if (!before(x[root], x[child])) break;
      std::swap(x[root], x[child]);
    }
  }
}

template <typename T, typename Before>
void insertion_sort(T* x, std::size_t n, Before before) {
  for (std::size_t i = 1; i < n; ++i) {
    const T value = x[i];
    std::size_t j = i;
    for (; j > 0 && before(value, x[j - 1]); --j) x[j] = x[j - 1];
    x[j] = value;
  }
}

/// Quicksort that skips parts without an index from `from` to `to`.
template <typename T, typename Before>
void sort_some(T* x, std::size_t n, std::size_t from, std::size_t to, int depth, Before before) {
  while (n > 16) {
    if (depth-- == 0) return heap_sort(x, n, before);
    const T a = x[0];
    const T b = x[n / 2];
    const T c = x[n - 1];
    const T pivot = before(a, b) ? (before(b, c)   ? b
                                    : before(a, c) ? c
                                                   : a)
                                 : (before(a, c)   ? a
                                    : before(b, c) ? c
                                                   : b);
    std::size_t left = 0;
    std::size_t right = n;  // one beyond
    while (left < right) {
      while (before(x[left], pivot)) ++left;
      while (before(pivot, x[right - 1])) --right;
      if (left < right) std::swap(x[left++], x[--right]);
    }
    // Between `right` and `left` lies nothing, or one value that equals the pivot.
    if (to > left) {
      if (from < right) sort_some(x, right, from, to, depth, before);
      x += left;
      n -= left;
      from = from > left ? from - left : 0;
      to -= left;
    } else {
      n = right;
      if (from >= n) return;
    }
  }
  insertion_sort(x, n, before);
}

}  // namespace sorting

/// Sorts x by a strict order; the order of equal values is undefined.
template <typename T, typename Before>
void sort(T* x, std::size_t n, Before before) {
  sorting::sort_some(x, n, 0, n, 2 * static_cast<int>(std::bit_width(n)), before);
}

/// Moves the value that sorting would put at `nth` there, smaller ones before and larger ones
/// after.
template <typename T, typename Before>
void select(T* x, std::size_t n, std::size_t nth, Before before) {
  sorting::sort_some(x, n, nth, nth + 1, 2 * static_cast<int>(std::bit_width(n)), before);
}

}  // namespace fewbits
