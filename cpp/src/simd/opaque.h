#pragma once

namespace fewbits::simd {

/// `value`, of which no compiler knows anything: it comes from memory. (A register would do for
/// Clang, but wasm-opt sees through it.)
template <typename T>
T opaque(T value) {
#if defined(__wasm__)
  __asm__("" : : "r"(&value) : "memory");
#endif
  return value;
}

}  // namespace fewbits::simd
