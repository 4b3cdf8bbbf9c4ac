// The `.wasm` files that the build puts next to the scripts, for imports within the package.

declare module '*.wasm' {
  const wasm: unknown;
  export default wasm;
}
