// The Embind bindings of fewbits/bits.h.

#include "fewbits/bits.h"

#include "binding.h"

namespace fewbits::bindings {
namespace {

void bits_pack(Address codes, std::size_t n, int bits, Address packed) {
  bits::pack(at<std::uint8_t>(codes), n, bits, at<std::uint8_t>(packed));
}

void bits_unpack(Address packed, std::size_t n, int bits, Address codes) {
  bits::unpack(at<std::uint8_t>(packed), n, bits, at<std::uint8_t>(codes));
}

void bits_unpack_signed(Address packed, std::size_t n, int bits, Address codes) {
  bits::unpack_signed(at<std::uint8_t>(packed), n, bits, at<std::int8_t>(codes));
}

EMSCRIPTEN_BINDINGS(bits) {
  emscripten::function("bits_pack", &bits_pack);
  emscripten::function("bits_unpack", &bits_unpack);
  emscripten::function("bits_unpack_signed", &bits_unpack_signed);
}

}  // namespace
}  // namespace fewbits::bindings
