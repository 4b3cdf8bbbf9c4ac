// Reserved memory for a full heap. Embind returns structures by `new`, and without memory for a few
// bytes C++ without exceptions aborts: running out of memory would end the module while it is being
// reported. So small objects have reserved slots to fall back to. Everything else that allocates
// here does so without throwing, and returns the failure.

#include <array>
#include <cstddef>
#include <cstdlib>
#include <new>

namespace {

/// Enough for the result of one call, with its parts; they live until JavaScript has read them.
constexpr std::size_t kSlots = 8;
constexpr std::size_t kSlotBytes = 128;

struct alignas(std::max_align_t) Slot {
  std::array<std::byte, kSlotBytes> bytes;
};

constinit std::array<Slot, kSlots> slots{};
constinit std::array<bool, kSlots> taken{};

void* take(std::size_t bytes) {
  if (void* memory = std::malloc(bytes)) return memory;
  for (std::size_t i = 0; i < kSlots && bytes <= kSlotBytes; ++i) {
    if (taken[i]) continue;
    taken[i] = true;
    return &slots[i];
  }
  std::abort();
}

void give_back(void* memory) {
  for (std::size_t i = 0; i < kSlots; ++i) {
    if (memory != &slots[i]) continue;
    taken[i] = false;
    return;
  }
  std::free(memory);
}

}  // namespace

void* operator new(std::size_t bytes) {
  return take(bytes);
}
void* operator new[](std::size_t bytes) {
  return take(bytes);
}
void* operator new(std::size_t bytes, const std::nothrow_t& /*unused*/) noexcept {
  return std::malloc(bytes);
}
void* operator new[](std::size_t bytes, const std::nothrow_t& /*unused*/) noexcept {
  return std::malloc(bytes);
}
void operator delete(void* memory) noexcept {
  give_back(memory);
}
void operator delete[](void* memory) noexcept {
  give_back(memory);
}
void operator delete(void* memory, std::size_t /*bytes*/) noexcept {
  give_back(memory);
}
void operator delete[](void* memory, std::size_t /*bytes*/) noexcept {
  give_back(memory);
}
void operator delete(void* memory, const std::nothrow_t& /*unused*/) noexcept {
  give_back(memory);
}
void operator delete[](void* memory, const std::nothrow_t& /*unused*/) noexcept {
  give_back(memory);
}
