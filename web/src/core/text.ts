// Checks that text can be stored as UTF-8, and decodes it.

/** Whether a surrogate is unpaired: UTF-8 cannot hold it, and encoders replace every one by U+FFFD. */
export const hasLoneSurrogate = (text: string): boolean => /[\ud800-\udfff]/u.test(text);

/**
 * A UTF-8 decoder that throws for invalid bytes. React Native has no TextDecoder, and some polyfills reject the
 * option `fatal`; decodeURIComponent() is available everywhere, and as strict.
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
