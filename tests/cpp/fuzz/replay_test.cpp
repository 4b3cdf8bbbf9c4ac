// Inputs kept from fuzzing, run through the same targets without a fuzzer: with any compiler, in
// WebAssembly, and under sanitizers. A target aborts if a check fails.

#include <gtest/gtest.h>

#include <cstdint>
#include <cstdio>
#include <string>
#include <vector>

extern "C" {
int fuzz_distributional(const std::uint8_t* data, std::size_t size);
int fuzz_floats_decode(const std::uint8_t* data, std::size_t size);
int fuzz_ggml_decode(const std::uint8_t* data, std::size_t size);
int fuzz_vectors_calibrate(const std::uint8_t* data, std::size_t size);
int fuzz_vectors_import(const std::uint8_t* data, std::size_t size);
}

namespace {

using Bytes = std::vector<std::uint8_t>;

/// One input per line, in hexadecimal.
std::vector<Bytes> corpus(const std::string& target) {
  const std::string path = std::string(FEWBITS_GOLDEN) + "/../fuzz/corpus/" + target + ".hex";
  std::FILE* file = std::fopen(path.c_str(), "rb");
  std::vector<Bytes> inputs;
  if (file == nullptr) return inputs;
  Bytes input;
  int digits = 0;
  int byte = 0;
  for (int c = std::fgetc(file); c != EOF; c = std::fgetc(file)) {
    if (c == '\n') {
      inputs.push_back(input);
      input.clear();
      continue;
    }
    byte = 16 * byte + (c <= '9' ? c - '0' : c - 'a' + 10);
    if (++digits % 2 == 0) {
      input.push_back(static_cast<std::uint8_t>(byte));
      byte = 0;
    }
  }
  std::fclose(file);
  return inputs;
}

void replay(const std::string& target, int (*run)(const std::uint8_t*, std::size_t)) {
  const std::vector<Bytes> inputs = corpus(target);
  EXPECT_GE(inputs.size(), 20u);
  for (const Bytes& input : inputs) EXPECT_EQ(run(input.data(), input.size()), 0);
}

TEST(FuzzCorpus, Distributional) {
  replay("distributional", fuzz_distributional);
}

TEST(FuzzCorpus, FloatsDecode) {
  replay("floats_decode", fuzz_floats_decode);
}

TEST(FuzzCorpus, GgmlDecode) {
  replay("ggml_decode", fuzz_ggml_decode);
}

TEST(FuzzCorpus, VectorsCalibrate) {
  replay("vectors_calibrate", fuzz_vectors_calibrate);
}

TEST(FuzzCorpus, VectorsImport) {
  replay("vectors_import", fuzz_vectors_import);
}

}  // namespace
