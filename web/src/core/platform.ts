// Types of the platform under names that resolve whichever `lib` a project compiles with: Node's
// types have no WebAssembly, and few have Float16Array.

/** Float16Array where the project's `lib` has it, else nothing. */
export type Float16 = typeof globalThis extends { Float16Array: { prototype: infer T } }
  ? T
  : never;

/** WebAssembly.Module where the project's `lib` has it. */
export type CompiledModule = typeof globalThis extends {
  WebAssembly: { Module: { prototype: infer T } };
}
  ? T
  : object;

/** Response where the project's `lib` has it. */
export type WebResponse = typeof globalThis extends { Response: { prototype: infer T } }
  ? T
  : never;
