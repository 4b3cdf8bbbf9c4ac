// The result of a call: success, or the kind of failure and where.

#pragma once

#include <cstddef>

namespace fewbits {

/// The status of a call. The numbers cross the WebAssembly boundary: append, never renumber.
enum class Status : int {
  ok = 0,
  invalid_argument = 1,
  non_finite = 2,
  unsupported = 3,
  corrupt_data = 4,
  out_of_memory = 5,
  too_large = 6,
};

/// The status of a call and, if it applies, the position of the first offending value.
struct [[nodiscard]] Result {
  Status status = Status::ok;
  std::size_t index = 0;

  constexpr bool ok() const { return status == Status::ok; }
};

constexpr Result success() {
  return {};
}
constexpr Result failure(Status status, std::size_t index = 0) {
  return {status, index};
}

}  // namespace fewbits
