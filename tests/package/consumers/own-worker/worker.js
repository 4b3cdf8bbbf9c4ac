// A worker file of the application's own, for nothing but the effect of its import.

import 'fewbits/pool/worker';
