/// Stands in for package:path_provider, as far as this package uses it.
library;

import 'dart:io';

Future<Directory> getApplicationCacheDirectory() => throw UnsupportedError('no device');
