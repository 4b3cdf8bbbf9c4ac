// Packing of codes into the planes of a row, and unpacking.

#include "vectors/code/layout.h"

#include <algorithm>
#include <cstring>

#include "fewbits/bits.h"
#include "vectors/code/kernels.h"

namespace fewbits::vectors {
namespace {

std::size_t plane_bytes(std::size_t dims, int bits) {
  return (dims * static_cast<std::size_t>(bits) + 7) / 8;
}

/// Values that are unpacked at a time.
constexpr std::size_t kPiece = 1024;

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
        segment.plane[p] = {bits, byte, bytes, segment.book->levels[p]};
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

void Layout::pack(const std::uint8_t* codes, std::uint8_t* row) const {
  std::uint8_t shifted[kMaxDims];
  for (std::size_t s = 0; s < coded_.size(); ++s) {
    const CodedSegment& segment = coded_[s];
    const std::uint8_t* own = codes + segment.dim;
    if (segment.planes == 2) {
      const int low = segment.plane[1].bits;
      for (std::size_t i = 0; i < segment.dims; ++i) {
        shifted[i] = static_cast<std::uint8_t>(own[i] >> low);
      }
      bits::pack(own, segment.dims, low, row + segment.plane[1].byte);
    }
    bits::pack(segment.planes == 2 ? shifted : own, segment.dims, segment.plane[0].bits,
               row + segment.plane[0].byte);
  }
}

void Layout::unpack(const std::uint8_t* row, std::size_t stride, std::int8_t* levels,
                    std::size_t dims) const {
  std::uint8_t packed[kPiece];
  std::uint8_t codes[kPiece];
  std::memset(levels, 0, dims);
  for (std::size_t s = 0; s < coded_.size(); ++s) {
    const CodedSegment& segment = coded_[s];
    for (int p = 0; p < segment.planes; ++p) {
      const Plane& plane = segment.plane[p];
      const std::uint8_t* at = row + plane.byte * stride;
      for (std::size_t i = 0; i < segment.dims; i += kPiece) {
        const std::size_t here = std::min(kPiece, segment.dims - i);
        const std::size_t bytes = bits::packed_bytes(here, plane.bits);
        for (std::size_t j = 0; j < bytes; ++j, at += stride) packed[j] = *at;
        bits::unpack(packed, here, plane.bits, codes);
        kernels::add_levels(codes, here, plane.levels, levels + segment.dim + i);
      }
    }
  }
}

}  // namespace fewbits::vectors
