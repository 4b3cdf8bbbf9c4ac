// The table of ggml's types, and the dispatch from a type to its kernels.

#include "fewbits/ggml.h"

#include <cmath>

#include "base/finite.h"
#include "fewbits/floats.h"
#include "ggml/kernels.h"

namespace fewbits::ggml {

const TypeInfo kTypes[kTypeCount] = {
#define FEWBITS_GGML_HALF(name, number) {Type::name, #name, 1, 2, false},
#define FEWBITS_GGML_BLOCK(name, number, Block, weighed) \
  {Type::name, #name, Block::size, sizeof(Block), weighed},
    FEWBITS_GGML_TYPES(FEWBITS_GGML_HALF, FEWBITS_GGML_BLOCK)
#undef FEWBITS_GGML_HALF
#undef FEWBITS_GGML_BLOCK
};

const TypeInfo* info(Type type) {
  for (const TypeInfo& entry : kTypes) {
    if (entry.type == type) return &entry;
  }
  return nullptr;
}

namespace {

template <typename Block, typename Encode>
void encode_rows(const float* x, std::size_t rows, std::size_t row_length, const float* importance,
                 Encode encode, std::uint8_t* out) {
  auto* blocks = reinterpret_cast<Block*>(out);
  const std::size_t per_row = row_length / Block::size;
  if (importance == nullptr) {
    encode(x, rows * per_row, nullptr, blocks);
    return;
  }
  for (std::size_t row = 0; row < rows; ++row) {
    encode(x + row * row_length, per_row, importance, blocks + row * per_row);
  }
}

}  // namespace

Result quantize(Type type, const float* x, std::size_t rows, std::size_t row_length,
                const float* importance, std::uint8_t* out) {
  const TypeInfo* shape = info(type);
  if (shape == nullptr) return failure(Status::unsupported);
  if (row_length % shape->block_size != 0) return failure(Status::invalid_argument, row_length);
  const std::size_t n = rows * row_length;
  if (n == 0) return success();
  if (!shape->takes_importance) importance = nullptr;
  if (importance != nullptr) {
    for (std::size_t i = 0; i < row_length; ++i) {
      if (!std::isfinite(importance[i]) || importance[i] < 0)
        return failure(Status::invalid_argument, i);
    }
  }
  if (type != Type::f16 && type != Type::bf16) {
    const std::size_t bad = first_non_finite(x, n);
    if (bad != n) return failure(Status::non_finite, bad);
  }
  switch (type) {
    case Type::f16:
      floats::encode_f16(x, n, reinterpret_cast<std::uint16_t*>(out));
      break;
    case Type::bf16:
      floats::encode_bf16(x, n, reinterpret_cast<std::uint16_t*>(out));
      break;
#define FEWBITS_GGML_CASE(type, number, Block, ...)                                    \
  case Type::type:                                                                     \
    encode_rows<Block>(x, rows, row_length, importance, &kernels::encode_##type, out); \
    break;
      FEWBITS_GGML_KERNELS(FEWBITS_GGML_CASE)
#undef FEWBITS_GGML_CASE
  }
  return success();
}

Result dequantize(Type type, const std::uint8_t* bytes, std::size_t length, float* out) {
  const TypeInfo* shape = info(type);
  if (shape == nullptr) return failure(Status::unsupported);
  if (length % shape->block_size != 0) return failure(Status::invalid_argument, length);
  switch (type) {
    case Type::f16:
      floats::decode_f16(reinterpret_cast<const std::uint16_t*>(bytes), length, out);
      break;
    case Type::bf16:
      floats::decode_bf16(reinterpret_cast<const std::uint16_t*>(bytes), length, out);
      break;
#define FEWBITS_GGML_CASE(type, number, Block, ...)                                           \
  case Type::type:                                                                            \
    kernels::decode_##type(reinterpret_cast<const Block*>(bytes), length / Block::size, out); \
    break;
      FEWBITS_GGML_KERNELS(FEWBITS_GGML_CASE)
#undef FEWBITS_GGML_CASE
  }
  return success();
}

}  // namespace fewbits::ggml
