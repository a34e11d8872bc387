import 'json.dart';

/// A kind of identity that can be looked up.
class OfferedIdType {
  /// Takes what the server says.
  const OfferedIdType({required this.code, required this.label, required this.requiredFields, this.pattern});

  /// The wire's name, e.g. `NIN`.
  final String code;

  /// Its name for people.
  final String label;

  /// A regular expression that numbers fit, where there is one.
  final String? pattern;

  /// The fields that a request must hold, in the wire's names: beside what every request holds e.g. `first_name`.
  final List<String> requiredFields;
}

/// A country whose identities can be looked up.
class OfferedCountry {
  /// Takes what the server says.
  const OfferedCountry({required this.code, required this.name, required this.idTypes});

  /// Two letters.
  final String code;

  /// Its name for people.
  final String name;

  /// What can be looked up.
  final List<OfferedIdType> idTypes;
}

/// A bank whose accounts can be looked up.
class OfferedBank {
  /// Takes what the server says.
  const OfferedBank({required this.name, required this.code});

  /// Its name for people.
  final String name;

  /// What `bank_code` takes.
  final String code;
}

/// What a server looks up: `/v1/services`. What is not as the wire has it is passed over.
class Services {
  /// Wraps an answer.
  const Services(this._json);

  final JsonObject _json;

  /// Countries and their ID types for a product, e.g. `biometric_kyc`. Empty where the product is not offered.
  List<OfferedCountry> idTypes(String product) => [
    for (final (code, country) in _entries(_in(_json['hosted_web'], product)))
      OfferedCountry(
        code: code,
        name: _text(country['name']) ?? code,
        idTypes: [
          for (final (type, said) in _entries(country['id_types']))
            OfferedIdType(
              code: type,
              label: _text(said['label']) ?? type,
              pattern: _text(said['id_number_regex']),
              requiredFields: _texts(said['required_fields']),
            ),
        ],
      ),
  ];

  /// The banks whose codes `bank_code` takes.
  List<OfferedBank> get bankCodes => [
    if (_json['bank_codes'] case final List<Object?> banks)
      for (final bank in banks.whereType<JsonObject>())
        if ((_text(bank['name']), _text(bank['code'])) case (final name?, final code?))
          OfferedBank(name: name, code: code),
  ];

  /// The whole answer as JSON.
  JsonObject toJson() => _json;
}

/// What a partner may use: `/v1/products_config`.
class ProductsConfig {
  /// Wraps an answer.
  const ProductsConfig(this._json);

  final JsonObject _json;

  /// Whether the person must consent before an ID type is looked up.
  bool consentRequired(String country, String idType) =>
      _texts(_in(_json['consentRequired'], country)).contains(idType);

  /// The ID types of a country that the partner may use for a product.
  List<String> idTypes(String product, String country) =>
      _texts(_in(_in(_json['idSelection'], product), country));

  /// The whole answer as JSON.
  JsonObject toJson() => _json;
}

Object? _in(Object? value, String name) => value is JsonObject ? value[name] : null;

String? _text(Object? value) => value is String && value.isNotEmpty ? value : null;

List<String> _texts(Object? value) => [
  if (value is List<Object?>)
    for (final text in value)
      if (_text(text) case final text?) text,
];

/// An object's members that are objects themselves.
Iterable<(String, JsonObject)> _entries(Object? value) sync* {
  if (value is! JsonObject) return;
  for (final MapEntry(:key, value: member) in value.entries) {
    if (member is JsonObject) yield (key, member);
  }
}
