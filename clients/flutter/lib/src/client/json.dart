import 'dart:convert';

/// A JSON object.
typedef JsonObject = Map<String, Object?>;

/// Text as a JSON object, or null where it is none.
JsonObject? parseObject(String text) {
  try {
    final value = jsonDecode(text);
    return value is JsonObject ? value : null;
  } on FormatException {
    return null;
  }
}
