#define LLVMFuzzerTestOneInput fuzz_ggml_decode
#include "../../fuzz/ggml_decode.cpp"
