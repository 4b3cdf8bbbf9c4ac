// Checks that text can be stored as UTF-8, and decodes it.

/** Whether a surrogate is unpaired: UTF-8 cannot hold it, and encoders replace every one by U+FFFD. */
export const hasLoneSurrogate = (text: string): boolean => /[\ud800-\udfff]/u.test(text);

/**
 * A decoder of UTF-8 that throws for bytes that are not valid. React Native has no TextDecoder, and some polyfills
 * refuse the option `fatal`: decodeURIComponent() is everywhere, and as strict.
 */
export function utf8Decoder(): (bytes: Uint8Array) => string {
  try {
    const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
    return (bytes) => decoder.decode(bytes);
  } catch {
    const escaped = (byte: number) => `%${(byte + 256).toString(16).slice(1)}`;
    return (bytes) => decodeURIComponent(Array.from(bytes, escaped).join(''));
  }
}
