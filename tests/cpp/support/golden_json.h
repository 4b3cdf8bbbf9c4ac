// The golden cases in JSON, parsed as far as C++ tests need.

#pragma once

#include <cstdio>
#include <cstdlib>
#include <string>
#include <vector>

namespace fewbits::test {

/// The text of tests/golden/affine-and-k/cases.json; empty if it is missing.
inline std::string read_affine_and_k() {
  std::string text;
  std::FILE* file = std::fopen(FEWBITS_GOLDEN "/affine-and-k/cases.json", "rb");
  if (file == nullptr) return text;
  char buffer[4096];
  for (std::size_t n; (n = std::fread(buffer, 1, sizeof buffer, file)) > 0;) text.append(buffer, n);
  std::fclose(file);
  return text;
}

/// The number or list of numbers at this path of keys, each looked up after the previous one.
inline std::vector<double> numbers(const std::string& json, const std::vector<std::string>& path) {
  std::size_t at = 0;
  for (const std::string& key : path) {
    at = json.find('"' + key + '"', at);
    if (at == std::string::npos) return {};
    at += key.size() + 2;
  }
  at = json.find(':', at) + 1;
  at = json.find_first_not_of(" \n", at);
  std::size_t end = json[at] == '[' ? json.find(']', at) : json.find_first_of(",}", at);
  std::vector<double> result;
  for (std::size_t i = json[at] == '[' ? at + 1 : at; i < end;) {
    result.push_back(std::strtod(json.c_str() + i, nullptr));
    i = json.find(',', i);
    if (i == std::string::npos) break;
    ++i;
  }
  return result;
}

}  // namespace fewbits::test
