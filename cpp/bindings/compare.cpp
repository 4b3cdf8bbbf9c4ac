// The Embind binding of fewbits/compare.h.

#include "fewbits/compare.h"

#include "binding.h"

namespace fewbits::bindings {
namespace {

/// Adds to the six doubles of a compare::Sums at `sums`.
void compare_accumulate(Address x, Address y, std::size_t n, Address sums) {
  compare::accumulate(at<float>(x), at<float>(y), n, at<compare::Sums>(sums));
}

EMSCRIPTEN_BINDINGS(compare) {
  emscripten::function("compare_accumulate", &compare_accumulate);
}

}  // namespace
}  // namespace fewbits::bindings
