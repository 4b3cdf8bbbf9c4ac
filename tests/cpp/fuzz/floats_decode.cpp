#define LLVMFuzzerTestOneInput fuzz_floats_decode
#include "../../fuzz/floats_decode.cpp"
