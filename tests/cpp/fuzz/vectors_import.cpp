#define LLVMFuzzerTestOneInput fuzz_vectors_import
#include "../../fuzz/vectors_import.cpp"
