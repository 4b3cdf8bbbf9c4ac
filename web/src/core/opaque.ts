// Objects that represent something elsewhere, such as WebAssembly memory or a database.

/**
 * An object that frameworks must not wrap and nobody can copy. Vue and others put plain objects behind
 * a Proxy, through which private members cannot be reached: a tag of its own tells that this is not a
 * plain object. A clone would be an empty object: structuredClone() and postMessage() throw instead.
 */
export abstract class Opaque {
  /**
   * @internal
   * @param tag the name of the class
   * @param remedy what to do instead of cloning
   */
  constructor(tag: string, remedy: string) {
    Object.defineProperty(this, Symbol.toStringTag, { value: tag });
    // What cannot be cloned is a symbol, and engines name the one they meet first.
    const reason = Symbol(`a ${tag} cannot be cloned: ${remedy};`);
    Object.defineProperty(this, 'clone', { value: reason, enumerable: true });
  }
}
