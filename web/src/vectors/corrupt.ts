// The error for a file that is damaged or is not an index.

import { FewbitsError } from '../core/errors.js';

export const corrupt = (message: string, cause?: unknown) =>
  new FewbitsError('CORRUPT_DATA', `index file: ${message}`, { cause });
