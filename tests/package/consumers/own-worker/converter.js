// Another worker file of the application's own, for converting.

import 'fewbits/models/worker';
