#include <cstdlib>

#include "binding.h"

namespace fewbits::bindings {
namespace {

/// 16-byte aligned; 0 when there is no room, and nothing has changed then.
Address allocate(std::size_t bytes) { return reinterpret_cast<Address>(std::malloc(bytes)); }

void release(Address address) { std::free(at<void>(address)); }

EMSCRIPTEN_BINDINGS(memory) {
  emscripten::value_object<Outcome>("Outcome")
      .field("status", &Outcome::status)
      .field("index", &Outcome::index);
  emscripten::function("allocate", &allocate);
  emscripten::function("release", &release);
}

}  // namespace
}  // namespace fewbits::bindings
