#pragma once

#include <cstddef>
#include <cstdlib>
#include <cstring>
#include <type_traits>

namespace fewbits::distributional {

/// An array that owns its memory and reports instead of throwing.
template <typename T>
class Buffer {
  static_assert(std::is_trivially_copyable_v<T>);

 public:
  Buffer() = default;
  Buffer(const Buffer&) = delete;
  Buffer& operator=(const Buffer&) = delete;
  ~Buffer() { std::free(data_); }

  /// `size` zeroed elements in place of what was there; false when there is no room.
  [[nodiscard]] bool reset(std::size_t size) {
    if (size > capacity_) {
      if (size > static_cast<std::size_t>(-1) / sizeof(T)) return false;
      void* const grown = std::malloc(size * sizeof(T));
      if (grown == nullptr) return false;
      std::free(data_);
      data_ = static_cast<T*>(grown);
      capacity_ = size;
    }
    size_ = size;
    if (size > 0) std::memset(static_cast<void*>(data_), 0, size * sizeof(T));
    return true;
  }

  std::size_t size() const { return size_; }
  T* data() { return data_; }
  const T* data() const { return data_; }
  T& operator[](std::size_t i) { return data_[i]; }
  const T& operator[](std::size_t i) const { return data_[i]; }

 private:
  T* data_ = nullptr;
  std::size_t size_ = 0;
  std::size_t capacity_ = 0;
};

}  // namespace fewbits::distributional
