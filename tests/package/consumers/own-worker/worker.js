// A worker file of the application, which only imports the worker of the package.

import 'fewbits/pool/worker';
