// A value that compilers cannot analyse, to keep them from undoing the optimizations of a kernel.

#pragma once

namespace fewbits::simd {

/// `value`, hidden from compilers by passing through memory. (A register would do for Clang, but
/// wasm-opt sees through it.)
template <typename T>
T opaque(T value) {
#if defined(__wasm__)
  __asm__("" : : "r"(&value) : "memory");
#endif
  return value;
}

}  // namespace fewbits::simd
