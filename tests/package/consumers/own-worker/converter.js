// The application's worker file for conversions.

import 'fewbits/models/worker';
