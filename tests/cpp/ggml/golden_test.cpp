// Bytes and floats of ggml's own quantizers, with and without importance weights.

#include <gtest/gtest.h>

#include <cstdio>
#include <cstring>
#include <string>
#include <vector>

#include "fewbits/ggml.h"
#include "ggml/kernels.h"

namespace fewbits::ggml {
namespace {

constexpr std::size_t kRows = 20;
constexpr std::size_t kRowLength = 256;

template <typename T>
std::vector<T> read(const std::string& name) {
  const std::string path = std::string(FEWBITS_GOLDEN) + "/ggml/" + name;
  std::FILE* file = std::fopen(path.c_str(), "rb");
  if (file == nullptr) return {};
  std::fseek(file, 0, SEEK_END);
  std::vector<T> data(static_cast<std::size_t>(std::ftell(file)) / sizeof(T));
  std::fseek(file, 0, SEEK_SET);
  const std::size_t count = std::fread(data.data(), sizeof(T), data.size(), file);
  std::fclose(file);
  data.resize(count);
  return data;
}

class Golden : public testing::TestWithParam<TypeInfo> {};

TEST_P(Golden, BytesAndFloatsAreThoseOfGgml) {
  const TypeInfo& type = GetParam();
  const std::vector<float> input = read<float>("input.f32");
  const std::vector<float> importance = read<float>("imatrix.f32");
  ASSERT_EQ(input.size(), kRows * kRowLength);
  ASSERT_EQ(importance.size(), kRowLength);
  for (const bool weighted : {false, true}) {
    const std::string folder = weighted ? "with-imatrix/" : "";
    const auto expected = read<std::uint8_t>(folder + type.name + ".bin");
    ASSERT_EQ(expected.size(), input.size() / type.block_size * type.bytes_per_block);
    std::vector<std::uint8_t> bytes(expected.size());
    ASSERT_TRUE(quantize(type.type, input.data(), kRows, kRowLength,
                         weighted ? importance.data() : nullptr, bytes.data())
                    .ok());
    const std::size_t row_bytes = bytes.size() / kRows;
    for (std::size_t i = 0; i < bytes.size(); ++i) {
      ASSERT_EQ(bytes[i], expected[i]) << type.name << (weighted ? " weighted" : "") << " row "
                                       << i / row_bytes << " byte " << i % row_bytes;
    }
  }
  const auto bytes = read<std::uint8_t>(std::string(type.name) + ".bin");
  const auto expected = read<float>(std::string(type.name) + ".dequantized.f32");
  ASSERT_EQ(expected.size(), input.size());
  std::vector<float> floats(expected.size());
  ASSERT_TRUE(dequantize(type.type, bytes.data(), floats.size(), floats.data()).ok());
  EXPECT_EQ(std::memcmp(floats.data(), expected.data(), 4 * floats.size()), 0);
}

std::vector<TypeInfo> block_types() {
  std::vector<TypeInfo> result;
  for (const TypeInfo& type : kTypes) {
    if (type.block_size > 1) result.push_back(type);
  }
  return result;
}

INSTANTIATE_TEST_SUITE_P(AllTypes, Golden, testing::ValuesIn(block_types()),
                         [](const auto& test) { return std::string(test.param.name); });

}  // namespace
}  // namespace fewbits::ggml
