#include "vectors/layout.h"

#include <algorithm>
#include <cstring>

namespace fewbits::vectors {
namespace {

std::size_t plane_bytes(std::size_t dims, int bits) {
  return (dims * static_cast<std::size_t>(bits) + 7) / 8;
}

/// The code whose levels add up to `level`.
unsigned code_of(const Codebook& book, int level) {
  switch (book.bits) {
    case 1:
      return level > 0;
    case 2:
      return static_cast<unsigned>(level > 0 ? 2 + (level > 38) : level >= -38);
    case 4: {
      unsigned code = 0;
      while (book.levels[0][code] != level) ++code;
      return code;
    }
    case 8:
      return static_cast<unsigned>(level + 128);
    default:
      return static_cast<unsigned>((level + (1 << book.bits) - 1) / 2);
  }
}

/// code_of for every level, made once.
struct CodeTable {
  std::uint8_t codes[9][256] = {};
  CodeTable() {
    for (const int bits : kWidths) {
      const Codebook* book = codebook(bits);
      if (book == nullptr) continue;
      for (unsigned code = 0; code < (1u << bits); ++code) {
        const int level = level_of(*book, code);
        codes[bits][static_cast<std::uint8_t>(level)] =
            static_cast<std::uint8_t>(code_of(*book, level));
      }
    }
  }
};

const CodeTable& code_table() {
  static const CodeTable table;
  return table;
}

template <int Bits>
void pack_plane(const std::uint8_t* codes, std::size_t n, std::uint8_t* out) {
  constexpr std::size_t kPerByte = 8 / Bits;
  std::size_t i = 0;
  for (; i + kPerByte <= n; i += kPerByte) {
    unsigned byte = 0;
    for (std::size_t j = 0; j < kPerByte; ++j) {
      byte |= static_cast<unsigned>(codes[i + j]) << (Bits * static_cast<int>(j));
    }
    *out++ = static_cast<std::uint8_t>(byte);
  }
  if (i == n) return;
  unsigned byte = 0;
  for (std::size_t j = 0; i + j < n; ++j) {
    byte |= static_cast<unsigned>(codes[i + j]) << (Bits * static_cast<int>(j));
  }
  *out = static_cast<std::uint8_t>(byte);
}

template <int Bits>
void add_plane(const Plane& plane, const std::uint8_t* row, std::size_t stride, std::size_t n,
               std::int8_t* levels) {
  constexpr std::size_t kPerByte = 8 / Bits;
  const std::uint8_t* at = row + plane.byte * stride;
  for (std::size_t i = 0; i < n; i += kPerByte, at += stride) {
    const unsigned byte = *at;
    const std::size_t here = std::min(kPerByte, n - i);
    for (std::size_t j = 0; j < here; ++j) {
      const unsigned code = (byte >> (Bits * static_cast<int>(j))) & ((1u << Bits) - 1);
      levels[i + j] = static_cast<std::int8_t>(levels[i + j] + plane.levels[code]);
    }
  }
}

}  // namespace

bool Layout::init(const Segment* segments, std::size_t count) {
  Buffer<CodedSegment> coded;
  std::size_t used = 0;
  for (std::size_t i = 0; i < count; ++i) used += segments[i].bits != 0;
  if (!coded.resize(used)) return false;
  std::size_t dim = 0;
  std::size_t byte = 0;
  std::size_t at = 0;
  for (std::size_t i = 0; i < count; ++i) {
    const std::size_t dims = segments[i].dims;
    if (segments[i].bits != 0) {
      CodedSegment segment{};
      segment.dim = dim;
      segment.dims = dims;
      segment.book = codebook(static_cast<int>(segments[i].bits));
      segment.planes = segment.book->planes;
      for (int p = 0; p < segment.planes; ++p) {
        const int bits = segment.book->plane_bits[p];
        const std::size_t bytes = plane_bytes(dims, bits);
        // The fewer bits, the coarser a look-up may be rounded next to the error of the code.
        segment.plane[p] = {bits, byte, bytes, segment.book->levels[p], bits == 4 ? 1 : 8 / bits};
        byte += bytes;
      }
      coded[at++] = segment;
    }
    dim += dims;
  }
  coded_ = std::move(coded);
  row_bytes_ = byte;
  return true;
}

void Layout::pack(const std::int8_t* levels, std::uint8_t* row) const {
  const CodeTable& table = code_table();
  std::uint8_t codes[kMaxDims];
  for (std::size_t s = 0; s < coded_.size(); ++s) {
    const CodedSegment& segment = coded_[s];
    const std::uint8_t* of_level = table.codes[segment.book->bits];
    int shift = segment.planes == 2 ? segment.plane[1].bits : 0;
    for (int p = 0; p < segment.planes; ++p, shift = 0) {
      const Plane& plane = segment.plane[p];
      const unsigned mask = (1u << plane.bits) - 1;
      for (std::size_t i = 0; i < segment.dims; ++i) {
        const unsigned code = of_level[static_cast<std::uint8_t>(levels[segment.dim + i])];
        codes[i] = static_cast<std::uint8_t>((code >> shift) & mask);
      }
      std::uint8_t* out = row + plane.byte;
      if (plane.bits == 1) pack_plane<1>(codes, segment.dims, out);
      if (plane.bits == 2) pack_plane<2>(codes, segment.dims, out);
      if (plane.bits == 4) pack_plane<4>(codes, segment.dims, out);
    }
  }
}

void Layout::unpack(const std::uint8_t* row, std::size_t stride, std::int8_t* levels,
                    std::size_t dims) const {
  std::memset(levels, 0, dims);
  for (std::size_t s = 0; s < coded_.size(); ++s) {
    const CodedSegment& segment = coded_[s];
    for (int p = 0; p < segment.planes; ++p) {
      const Plane& plane = segment.plane[p];
      std::int8_t* at = levels + segment.dim;
      if (plane.bits == 1) add_plane<1>(plane, row, stride, segment.dims, at);
      if (plane.bits == 2) add_plane<2>(plane, row, stride, segment.dims, at);
      if (plane.bits == 4) add_plane<4>(plane, row, stride, segment.dims, at);
    }
  }
}

}  // namespace fewbits::vectors
