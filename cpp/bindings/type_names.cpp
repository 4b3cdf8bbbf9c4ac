// The name that Embind prints for an unbound type, which no call here has. Its only use of printf
// would link 5 kilobytes.

extern "C" int siprintf(char* out, const char* format, ...);

// NOLINTNEXTLINE(cert-dcl50-cpp): declared so by the C library
extern "C" int siprintf(char* out, const char* /*format*/, ...) {
  constexpr char kName[] = "a type that is not bound";
  int length = 0;
  for (; kName[length] != '\0'; ++length) out[length] = kName[length];
  out[length] = '\0';
  return length;
}
