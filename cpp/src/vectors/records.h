// Records of equal size in chunks that never move.

#pragma once

#include <cstdint>
#include <cstdlib>

#include "base/buffer.h"

namespace fewbits::vectors {

/// Records of equal size in chunks that never move, so that an index grows without being copied.
/// Only the first chunk starts small and is reallocated, so that a few rows do not take a full
/// chunk.
class Records {
 public:
  Records() = default;
  explicit Records(std::size_t record_bytes) : record_bytes_(record_bytes) {}
  Records(Records&& other) noexcept { swap(other); }
  Records& operator=(Records&& other) noexcept {
    swap(other);
    return *this;
  }
  Records(const Records&) = delete;
  Records& operator=(const Records&) = delete;
  ~Records() { shrink(0); }

  std::size_t bytes() const { return capacity_ * record_bytes_ + chunks_.bytes(); }
  std::size_t capacity() const { return capacity_; }
  std::uint8_t* at(std::size_t i) { return chunks_[i / kPerChunk] + i % kPerChunk * record_bytes_; }
  const std::uint8_t* at(std::size_t i) const {
    return chunks_[i / kPerChunk] + i % kPerChunk * record_bytes_;
  }

  /// Reserves memory for `count` records; existing ones stay. False when memory is short.
  [[nodiscard]] bool reserve(std::size_t count) {
    if (count <= capacity_) return true;
    const std::size_t before = capacity_;
    if (capacity_ < kPerChunk) {
      std::size_t first = capacity_ == 0 ? 1 : capacity_;
      while (first < count && first < kPerChunk) first *= 2;
      if (used_ == 0 && !push(nullptr)) return false;
      auto* grown = static_cast<std::uint8_t*>(std::realloc(chunks_[0], first * record_bytes_));
      if (grown == nullptr) return false;
      chunks_[0] = grown;
      capacity_ = first;
    }
    while (capacity_ < count) {
      auto* chunk = static_cast<std::uint8_t*>(std::malloc(kPerChunk * record_bytes_));
      if (chunk == nullptr || !push(chunk)) {
        std::free(chunk);
        shrink(before > kPerChunk ? before : kPerChunk);
        return false;
      }
      capacity_ += kPerChunk;
    }
    return true;
  }

  /// Frees memory beyond `count` records, in whole chunks.
  void shrink(std::size_t count) {
    const std::size_t keep = (count + kPerChunk - 1) / kPerChunk;
    while (used_ > keep) std::free(chunks_[--used_]);
    if (capacity_ > used_ * kPerChunk) capacity_ = used_ * kPerChunk;
    if (used_ == 0) {
      Buffer<std::uint8_t*> none;
      chunks_.swap(none);
    }
  }

 private:
  static constexpr std::size_t kPerChunk = 16;

  bool push(std::uint8_t* chunk) {
    if (used_ == chunks_.size() && !chunks_.resize(used_ + used_ / 2 + 8)) return false;
    chunks_[used_++] = chunk;
    return true;
  }

  void swap(Records& other) noexcept {
    std::swap(record_bytes_, other.record_bytes_);
    chunks_.swap(other.chunks_);
    std::swap(used_, other.used_);
    std::swap(capacity_, other.capacity_);
  }

  std::size_t record_bytes_ = 0;
  Buffer<std::uint8_t*> chunks_;
  std::size_t used_ = 0;
  std::size_t capacity_ = 0;
};

}  // namespace fewbits::vectors
