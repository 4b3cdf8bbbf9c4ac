// The allocator: emmalloc, a third of the size of the usual one, adapted so that addresses suit
// vector instructions, and sizes near 4 GB, where its sums wrap around, fail.

#include <emscripten/emmalloc.h>

#include <cstddef>

namespace {

constexpr std::size_t kAlignment = 16;
constexpr std::size_t kMost = static_cast<std::size_t>(-1) - 0xFFFF;

}  // namespace

extern "C" void* malloc(std::size_t bytes) {
  return bytes > kMost ? nullptr : emmalloc_memalign(kAlignment, bytes);
}

extern "C" void* realloc(void* memory, std::size_t bytes) {
  return bytes > kMost ? nullptr : emmalloc_aligned_realloc(memory, kAlignment, bytes);
}
