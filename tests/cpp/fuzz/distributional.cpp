#define LLVMFuzzerTestOneInput fuzz_distributional
#include "../../fuzz/distributional.cpp"
