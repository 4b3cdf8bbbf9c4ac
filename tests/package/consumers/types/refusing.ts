// Which optional properties refuse `undefined` under exactOptionalPropertyTypes, as types.

/** What is not looked into: what others declare, and what cannot have options. */
type Foreign =
  | AbortSignal
  | ArrayBufferLike
  | ArrayBufferView
  | AsyncGenerator
  | Blob
  | Error
  | ReadonlyMap<unknown, unknown>
  | RegExp
  | URL
  | Response
  | PromiseLike<unknown>
  | string;

type IsAny<T> = 0 extends 1 & T ? true : false;

// biome-ignore lint/complexity/noBannedTypes: `{}` is assignable to what has optional properties only
type Optional<T> = { [K in keyof T]-?: {} extends Pick<T, K> ? K : never }[keyof T] & string;

type Own<T, Path extends string> = {
  [K in Optional<T>]: string extends K
    ? never // any name at all: a record
    : { [P in K]: undefined } extends Pick<T, K>
      ? never
      : `${Path}.${K}`;
}[Optional<T>];

/** The optional properties of `T` that refuse `undefined`, and those of what its methods take. */
export type Refusing<T, Path extends string, Depth extends 0[] = []> = Depth['length'] extends 6
  ? never
  : IsAny<T> extends true
    ? never
    : T extends Foreign
      ? never
      : T extends (...args: infer P) => unknown
        ? Depth['length'] extends 0 | 1
          ? Refusing<P[number], `${Path}()`, [...Depth, 0, 0]>
          : never
        : T extends readonly (infer E)[]
          ? Refusing<E, `${Path}[]`, [...Depth, 0]>
          : T extends object
            ?
                | Own<T, Path>
                | {
                    [K in keyof T & string]-?: Refusing<T[K], `${Path}.${K}`, [...Depth, 0]>;
                  }[keyof T & string]
            : never;

/** Compiles where nothing is refused, and says what is where something is. */
export declare function takesUndefined<_T extends never>(): void;
