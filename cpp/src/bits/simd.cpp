#include "simd/simd.h"

#include <cstring>

#include "bits/kernels.h"

#if FEWBITS_SIMD

namespace fewbits::bits::simd {
namespace {

// Both directions fold or unfold neighbours three times: bytes in 16-bit lanes, those in 32-bit
// lanes, those in 64-bit lanes, which then hold eight codes in 8 * bits bits.

v128_t folded(v128_t codes, int bits) {
  const v128_t even = wasm_v128_and(codes, wasm_i16x8_splat(0x00FF));
  const v128_t pairs = wasm_v128_or(even, wasm_i16x8_shl(wasm_u16x8_shr(codes, 8), bits));
  const v128_t even_pairs = wasm_v128_and(pairs, wasm_i32x4_splat(0x0000FFFF));
  const v128_t fours =
      wasm_v128_or(even_pairs, wasm_i32x4_shl(wasm_u32x4_shr(pairs, 16), 2 * bits));
  const v128_t even_fours = wasm_v128_and(fours, wasm_i64x2_splat(0x00000000FFFFFFFF));
  return wasm_v128_or(even_fours, wasm_i64x2_shl(wasm_u64x2_shr(fours, 32), 4 * bits));
}

v128_t unfolded(v128_t eights, int bits) {
  const v128_t low_fours = wasm_i64x2_splat((std::int64_t{1} << (4 * bits)) - 1);
  const v128_t fours =
      wasm_v128_or(wasm_v128_and(eights, low_fours),
                   wasm_i64x2_shl(wasm_v128_and(wasm_u64x2_shr(eights, 4 * bits), low_fours), 32));
  const v128_t low_pairs = wasm_i32x4_splat((1 << (2 * bits)) - 1);
  const v128_t pairs = wasm_v128_or(wasm_v128_and(fours, low_pairs),
                                    wasm_i32x4_shl(wasm_u32x4_shr(fours, 2 * bits), 16));
  const v128_t low = wasm_i16x8_splat(static_cast<std::int16_t>((1 << bits) - 1));
  return wasm_v128_or(wasm_v128_and(pairs, low), wasm_i16x8_shl(wasm_u16x8_shr(pairs, bits), 8));
}

/// At 4 bits pairs are whole bytes, and a narrowing puts 32 codes into one vector.
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
    for (; i + 16 <= n; i += 16) {
      std::uint64_t eights[2];
      wasm_v128_store(eights, folded(wasm_v128_and(wasm_v128_load(codes + i), mask), bits));
      std::memcpy(packed + i / 8 * width, &eights[0], width);
      std::memcpy(packed + (i / 8 + 1) * width, &eights[1], width);
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
    for (; i + 16 <= n; i += 16) {
      std::uint64_t eights[2] = {0, 0};
      std::memcpy(&eights[0], packed + i / 8 * width, width);
      std::memcpy(&eights[1], packed + (i / 8 + 1) * width, width);
      wasm_v128_store(codes + i, unfolded(wasm_v128_load(eights), bits));
    }
  }
  scalar::unpack_run(packed + i / 8 * width, n - i, bits, codes + i);
}

}  // namespace fewbits::bits::simd

#endif  // FEWBITS_SIMD
