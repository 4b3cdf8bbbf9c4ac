// Platform types under names that resolve with any `lib` that a project compiles with: Node's types have no
// WebAssembly, and few have Float16Array.

/** Float16Array where the project's `lib` has it, else never. */
export type Float16 = typeof globalThis extends { Float16Array: { prototype: infer T } }
  ? T
  : never;

/** WebAssembly.Module where the project's `lib` has it, else any object. */
export type CompiledModule = typeof globalThis extends {
  WebAssembly: { Module: { prototype: infer T } };
}
  ? T
  : object;

/** Response where the project's `lib` has it, else never. */
export type WebResponse = typeof globalThis extends { Response: { prototype: infer T } }
  ? T
  : never;
