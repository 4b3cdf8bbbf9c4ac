// What belongs to the module as a whole: memory that callers ask for, and which build it is.

#include <cstdlib>

#include "binding.h"

namespace fewbits::bindings {
// Named, as what has no linkage is not exported.
inline namespace of_module {

/// 16-byte aligned; 0 when there is no room, and nothing has changed then.
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
