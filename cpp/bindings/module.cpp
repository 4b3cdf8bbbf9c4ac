// What belongs to the module as a whole: memory that callers ask for, and which build it is.

#include <cstdlib>

#include "binding.h"

namespace fewbits::bindings {
namespace {

/// 16-byte aligned; 0 when there is no room, and nothing has changed then.
Address allocate(std::size_t bytes) {
  return reinterpret_cast<Address>(std::malloc(bytes));
}

void release(Address address) {
  std::free(at<void>(address));
}

/// Whether this is the build with relaxed SIMD.
bool relaxed() {
#if defined(__wasm_relaxed_simd__)
  return true;
#else
  return false;
#endif
}

EMSCRIPTEN_BINDINGS(module) {
  emscripten::value_object<Outcome>("Outcome")
      .field("status", &Outcome::status)
      .field("index", &Outcome::index);
  emscripten::function("allocate", &allocate);
  emscripten::function("release", &release);
  emscripten::function("relaxed", &relaxed);
}

}  // namespace
}  // namespace fewbits::bindings
