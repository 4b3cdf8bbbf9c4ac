// The codebooks: levels for normal values, and the thresholds between them.

#include "vectors/code/codebook.h"

#include "fewbits/vectors.h"

namespace fewbits::vectors {
namespace {

constexpr Codebook kBooks[] = {
    {1, 1.0f, 0.363380, 1, {1, 0}, {{-1, 1}}, {}},
    // +-0.4528, +-1.5104
    {2, 84.08f, 0.117482, 1, {2, 0}, {{-127, -38, 38, 127}}, {82}},
    // uniform, step 0.5860
    {3, 3.413f, 0.037440, 2, {2, 1}, {{-6, -2, 2, 6}, {-1, 1}}, {}},
    // +-0.1284, 0.3881, 0.6568, 0.9424, 1.2562, 1.6181, 2.0690, 2.7326
    {4,
     46.476f,
     0.009497,
     1,
     {4, 0},
     {{-127, -96, -75, -58, -44, -31, -18, -6, 6, 18, 31, 44, 58, 75, 96, 127}},
     {12, 24, 37, 51, 66, 85, 111}},
    // uniform, step 0.1881
    {5,
     10.63f,
     0.003495,
     2,
     {4, 1},
     {{-30, -26, -22, -18, -14, -10, -6, -2, 2, 6, 10, 14, 18, 22, 26, 30}, {-1, 1}},
     {}},
    // uniform, step 0.1041
    {6,
     19.21f,
     0.001041,
     2,
     {4, 2},
     {{-60, -52, -44, -36, -28, -20, -12, -4, 4, 12, 20, 28, 36, 44, 52, 60}, {-3, -1, 1, 3}},
     {}},
    // uniform, step 0.0308
    {8,
     32.5f,
     0.0000877,
     2,
     {4, 4},
     {{-128, -112, -96, -80, -64, -48, -32, -16, 0, 16, 32, 48, 64, 80, 96, 112},
      {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15}},
     {}},
};

}  // namespace

const Codebook* codebook(int bits) {
  for (const Codebook& book : kBooks) {
    if (book.bits == bits) return &book;
  }
  return nullptr;
}

void levels(int bits, std::int8_t* out) {
  const Codebook& book = *codebook(bits);
  for (unsigned code = 0; code < (1u << bits); ++code) {
    out[code] = static_cast<std::int8_t>(level_of(book, code));
  }
}

int level_of(const Codebook& book, unsigned code) {
  if (book.planes == 1) return book.levels[0][code];
  const int low_bits = book.plane_bits[1];
  return book.levels[0][code >> low_bits] + book.levels[1][code & ((1u << low_bits) - 1)];
}

}  // namespace fewbits::vectors
