// Heap memory whose allocation may fail, without exceptions or aborts.

#pragma once

#include <cstddef>
#include <cstdlib>
#include <cstring>
#include <type_traits>
#include <utility>

namespace fewbits {

/// An array of trivial values on the heap. A failed allocation leaves the previous contents.
template <typename T>
class Buffer {
  static_assert(std::is_trivially_copyable_v<T>);

 public:
  Buffer() = default;
  Buffer(Buffer&& other) noexcept { swap(other); }
  Buffer& operator=(Buffer&& other) noexcept {
    swap(other);
    return *this;
  }
  Buffer(const Buffer&) = delete;
  Buffer& operator=(const Buffer&) = delete;
  ~Buffer() { std::free(static_cast<void*>(data_)); }

  /// Resizes to `size` values; new ones are uninitialised, the others are kept.
  [[nodiscard]] bool resize(std::size_t size) {
    if (size > kMost) return false;
    void* grown = std::realloc(static_cast<void*>(data_), size == 0 ? 1 : size * sizeof(T));
    if (grown == nullptr) return false;
    data_ = static_cast<T*>(grown);
    size_ = capacity_ = size;
    return true;
  }

  [[nodiscard]] bool resize_zeroed(std::size_t size) {
    const std::size_t before = size_;
    if (!resize(size)) return false;
    if (size > before)
      std::memset(static_cast<void*>(data_ + before), 0, (size - before) * sizeof(T));
    return true;
  }

  /// Replaces the contents by `size` zeros, in the same memory if it is large enough.
  [[nodiscard]] bool reset(std::size_t size) {
    if (size > capacity_) {
      void* const room = size > kMost ? nullptr : std::malloc(size * sizeof(T));
      if (room == nullptr) return false;
      std::free(static_cast<void*>(data_));
      data_ = static_cast<T*>(room);
      capacity_ = size;
    }
    size_ = size;
    if (size > 0) std::memset(static_cast<void*>(data_), 0, bytes());
    return true;
  }

  /// Replaces the contents by a copy of `size` values.
  [[nodiscard]] bool assign(const T* values, std::size_t size) {
    if (!resize(size)) return false;
    std::memcpy(static_cast<void*>(data_), values, bytes());
    return true;
  }

  void swap(Buffer& other) noexcept {
    std::swap(data_, other.data_);
    std::swap(size_, other.size_);
    std::swap(capacity_, other.capacity_);
  }

  T* data() { return data_; }
  const T* data() const { return data_; }
  std::size_t size() const { return size_; }
  std::size_t bytes() const { return size_ * sizeof(T); }
  T& operator[](std::size_t i) { return data_[i]; }
  const T& operator[](std::size_t i) const { return data_[i]; }

 private:
  static constexpr std::size_t kMost = static_cast<std::size_t>(-1) / 2 / sizeof(T);

  T* data_ = nullptr;
  std::size_t size_ = 0;
  std::size_t capacity_ = 0;
};

}  // namespace fewbits
