// The table of ggml's types, and the way from a type to its kernels.

#include "fewbits/ggml.h"

#include <cmath>

#include "base/finite.h"
#include "fewbits/floats.h"
#include "ggml/kernels.h"

namespace fewbits::ggml {

const TypeInfo types[type_count] = {
    {Type::f16, "f16", 1, 2, false},          {Type::q4_0, "q4_0", 32, 18, true},
    {Type::q4_1, "q4_1", 32, 20, true},       {Type::q5_0, "q5_0", 32, 22, true},
    {Type::q5_1, "q5_1", 32, 24, true},       {Type::q8_0, "q8_0", 32, 34, false},
    {Type::q2_K, "q2_K", 256, 84, true},      {Type::q3_K, "q3_K", 256, 110, true},
    {Type::q4_K, "q4_K", 256, 144, true},     {Type::q5_K, "q5_K", 256, 176, true},
    {Type::q6_K, "q6_K", 256, 210, true},     {Type::iq4_nl, "iq4_nl", 32, 18, true},
    {Type::iq4_xs, "iq4_xs", 256, 136, true}, {Type::bf16, "bf16", 1, 2, false},
    {Type::tq1_0, "tq1_0", 256, 54, false},   {Type::tq2_0, "tq2_0", 256, 66, false},
    {Type::mxfp4, "mxfp4", 32, 17, false},    {Type::nvfp4, "nvfp4", 64, 36, false},
    {Type::q1_0, "q1_0", 128, 18, false},     {Type::q2_0, "q2_0", 64, 18, false},
};

const TypeInfo* info(Type type) {
  for (const TypeInfo& entry : types) {
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
#define FEWBITS_GGML_CASE(type, Block)                                                 \
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
#define FEWBITS_GGML_CASE(type, Block)                                                        \
  case Type::type:                                                                            \
    kernels::decode_##type(reinterpret_cast<const Block*>(bytes), length / Block::size, out); \
    break;
      FEWBITS_GGML_KERNELS(FEWBITS_GGML_CASE)
#undef FEWBITS_GGML_CASE
  }
  return success();
}

}  // namespace fewbits::ggml
