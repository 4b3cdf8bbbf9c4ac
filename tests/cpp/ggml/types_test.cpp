// The table of types is the same in C++ and in TypeScript.

#include <gtest/gtest.h>

#include <cctype>
#include <cstddef>
#include <fstream>
#include <map>
#include <sstream>
#include <string>

#include "fewbits/ggml.h"

namespace fewbits::ggml {
namespace {

struct Row {
  int id;
  std::size_t block_size;
  std::size_t bytes_per_block;
  bool made;
};

/// The rows of web/src/core/ggml-types.ts, such as `Q4_0: [2, 32, 18, { fileType: 2 }],`.
std::map<std::string, Row> rows_of_typescript() {
  std::ifstream file(FEWBITS_GOLDEN "/../../web/src/core/ggml-types.ts");
  std::map<std::string, Row> rows;
  for (std::string line; std::getline(file, line);) {
    const std::size_t bracket = line.find(": [");
    if (line.rfind("  ", 0) != 0 || bracket == std::string::npos) continue;
    std::istringstream numbers(line.substr(bracket + 3));
    Row row{};
    char comma = 0;
    if (numbers >> row.id >> comma >> row.block_size >> comma >> row.bytes_per_block) {
      row.made = line.find('{') != std::string::npos;
      rows[line.substr(2, bracket - 2)] = row;
    }
  }
  return rows;
}

std::string upper(std::string name) {
  for (char& c : name) c = static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
  return name;
}

TEST(GgmlTypes, TypeScriptHasTheSameRows) {
  const auto rows = rows_of_typescript();
  ASSERT_GT(rows.size(), kTypeCount);
  for (const TypeInfo& type : kTypes) {
    SCOPED_TRACE(type.name);
    const auto found = rows.find(upper(type.name));
    ASSERT_NE(found, rows.end());
    EXPECT_EQ(found->second.id, static_cast<int>(type.type));
    EXPECT_EQ(found->second.block_size, type.block_size);
    EXPECT_EQ(found->second.bytes_per_block, type.bytes_per_block);
    EXPECT_TRUE(found->second.made);
  }
}

TEST(GgmlTypes, NothingElseIsMadeThere) {
  std::size_t made = 0;
  for (const auto& [name, row] : rows_of_typescript()) {
    // F32 is the input of all other conversions.
    if (!row.made || name == "F32") continue;
    ++made;
    EXPECT_NE(info(static_cast<Type>(row.id)), nullptr) << name;
  }
  EXPECT_EQ(made, kTypeCount);
}

TEST(GgmlTypes, AscendByNumber) {
  for (std::size_t i = 1; i < kTypeCount; ++i) EXPECT_LT(kTypes[i - 1].type, kTypes[i].type);
}

}  // namespace
}  // namespace fewbits::ggml
