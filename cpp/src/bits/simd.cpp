// Packing by vectors of sixteen codes.

#include "simd/simd.h"

#include <cstring>

#include "bits/kernels.h"

#if FEWBITS_SIMD

namespace fewbits::bits::simd {
namespace {

// Both directions fold or unfold neighbours three times: bytes in 16-bit lanes, those in 32-bit
// lanes, and those in 64-bit lanes, which then hold eight codes in 8 * bits bits.

v128_t folded(v128_t codes, int bits) {
  const v128_t even = wasm_v128_and(codes, wasm_i16x8_splat(0x00FF));
  const v128_t pairs = wasm_v128_or(even, wasm_i16x8_shl(wasm_u16x8_shr(codes, 8), bits));
  const v128_t even_pairs = wasm_v128_and(pairs, wasm_i32x4_splat(0x0000FFFF));
  const v128_t fours =
      wasm_v128_or(even_pairs, wasm_i32x4_shl(wasm_u32x4_shr(pairs, 16), 2 * bits));
  const v128_t even_fours = wasm_v128_and(fours, wasm_i64x2_splat(0x00000000FFFFFFFF));
  return wasm_v128_or(even_fours, wasm_i64x2_shl(wasm_u64x2_shr(fours, 32), 4 * bits));
}

struct Unfold {
  int bits;
  v128_t fours, pairs, ones;

  explicit Unfold(int width)
      : bits(width),
        fours(wasm_i64x2_splat((std::int64_t{1} << (4 * width)) - 1)),
        pairs(wasm_i32x4_splat((1 << (2 * width)) - 1)),
        ones(wasm_i16x8_splat(static_cast<std::int16_t>((1 << width) - 1))) {}

  /// Bits above the eight codes of a lane are ignored.
  v128_t operator()(v128_t v) const {
    v = wasm_v128_or(wasm_v128_and(v, fours),
                     wasm_i64x2_shl(wasm_v128_and(wasm_u64x2_shr(v, 4 * bits), fours), 32));
    v = wasm_v128_or(wasm_v128_and(v, pairs), wasm_i32x4_shl(wasm_u32x4_shr(v, 2 * bits), 16));
    return wasm_v128_or(wasm_v128_and(v, ones), wasm_i16x8_shl(wasm_u16x8_shr(v, bits), 8));
  }
};

/// At 4 bits, pairs are whole bytes, and one narrowing puts 32 codes into a vector.
std::size_t pack_nibbles(const std::uint8_t* codes, std::size_t n, std::uint8_t* packed) {
  const v128_t low = wasm_i16x8_splat(0x000F);
  const auto pairs = [&](std::size_t i) {
    const v128_t v = wasm_v128_load(codes + i);
    return wasm_v128_or(wasm_v128_and(v, low),
                        wasm_v128_and(wasm_u16x8_shr(v, 4), wasm_i16x8_splat(0x00F0)));
  };
  std::size_t i = 0;
  for (; i + 32 <= n; i += 32) {
    wasm_v128_store(packed + i / 2, wasm_u8x16_narrow_i16x8(pairs(i), pairs(i + 16)));
  }
  return i;
}

std::size_t unpack_nibbles(const std::uint8_t* packed, std::size_t n, std::uint8_t* codes) {
  const v128_t mask = wasm_i8x16_splat(0x0F);
  std::size_t i = 0;
  for (; i + 32 <= n; i += 32) {
    const v128_t v = wasm_v128_load(packed + i / 2);
    const v128_t low = wasm_v128_and(v, mask);
    const v128_t high = wasm_u8x16_shr(v, 4);
    wasm_v128_store(codes + i, wasm_i8x16_shuffle(low, high, 0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5,
                                                  21, 6, 22, 7, 23));
    wasm_v128_store(codes + i + 16, wasm_i8x16_shuffle(low, high, 8, 24, 9, 25, 10, 26, 11, 27, 12,
                                                       28, 13, 29, 14, 30, 15, 31));
  }
  return i;
}

}  // namespace

void pack_run(const std::uint8_t* codes, std::size_t n, int bits, std::uint8_t* packed) {
  const std::size_t width = static_cast<std::size_t>(bits);
  std::size_t i = 0;
  if (bits == 4) {
    i = pack_nibbles(codes, n, packed);
  } else {
    const v128_t mask = wasm_i8x16_splat(static_cast<std::int8_t>((1 << bits) - 1));
    // Eight bytes are written, of which `width` count; the next write replaces the rest.
    const std::size_t room = packed_bytes(n, bits);
    for (; i + 16 <= n && i / 8 * width + width + 8 <= room; i += 16) {
      std::uint8_t* out = packed + i / 8 * width;
      const v128_t eights = folded(wasm_v128_and(wasm_v128_load(codes + i), mask), bits);
      const std::int64_t first = wasm_i64x2_extract_lane(eights, 0);
      const std::int64_t second = wasm_i64x2_extract_lane(eights, 1);
      std::memcpy(out, &first, 8);
      std::memcpy(out + width, &second, 8);
    }
  }
  scalar::pack_run(codes + i, n - i, bits, packed + i / 8 * width);
}

void unpack_run(const std::uint8_t* packed, std::size_t n, int bits, std::uint8_t* codes) {
  const std::size_t width = static_cast<std::size_t>(bits);
  std::size_t i = 0;
  if (bits == 4) {
    i = unpack_nibbles(packed, n, codes);
  } else {
    const Unfold unfold(bits);
    const std::size_t room = packed_bytes(n, bits);
    for (; i + 16 <= n && i / 8 * width + width + 8 <= room; i += 16) {
      const std::uint8_t* in = packed + i / 8 * width;
      std::int64_t eights[2];
      std::memcpy(&eights[0], in, 8);
      std::memcpy(&eights[1], in + width, 8);
      wasm_v128_store(codes + i, unfold(wasm_i64x2_make(eights[0], eights[1])));
    }
  }
  scalar::unpack_run(packed + i / 8 * width, n - i, bits, codes + i);
}

}  // namespace fewbits::bits::simd

#endif  // FEWBITS_SIMD
