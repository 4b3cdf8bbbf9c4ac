// Functions of the module as a whole: memory for callers, and which build it is.

#include <cstdlib>

#include "binding.h"

namespace fewbits::bindings {
// A named namespace, as functions without linkage are not exported.
inline namespace of_module {

/// Allocates memory, 16-byte aligned; returns 0 when memory is short.
FEWBITS_EXPORT("allocate") Address allocate(std::size_t bytes) {
  return reinterpret_cast<Address>(std::malloc(bytes));
}

FEWBITS_EXPORT("release") void release(Address address) {
  std::free(at<void>(address));
}

/// Whether this is the build with relaxed SIMD.
FEWBITS_EXPORT("relaxed") bool relaxed() {
#if defined(__wasm_relaxed_simd__)
  return true;
#else
  return false;
#endif
}

#if FEWBITS_EMBIND
EMSCRIPTEN_BINDINGS(module) {
  emscripten::function("allocate", &allocate);
  emscripten::function("release", &release);
  emscripten::function("relaxed", &relaxed);
}
#endif

}  // namespace of_module
}  // namespace fewbits::bindings
