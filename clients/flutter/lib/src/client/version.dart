/// This package's name, as requests give it.
const sdk = 'selfsame-flutter';

/// This package's version; a test holds it to pubspec.yaml.
const version = '0.1.0';
