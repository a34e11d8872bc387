import 'asking.dart';
import 'cancellation.dart';
import 'connection.dart';
import 'errors.dart';
import 'id_info.dart';
import 'job_result.dart';
import 'json.dart';
import 'retry.dart';
import 'services.dart';
import 'submission.dart';
import 'transport.dart';
import 'web_token.dart';

/// Fields that a request may go without, and that ID information must not add.
const _ours = {'token', 'timestamp', 'signature', 'callback_url', 'consent_information'};

/// Looks identities up, without a selfie. Made by `Client.lookup`.
///
/// A number that the authority does not know is a result, not an error: its code says so.
class Lookup {
  /// Asks by [_asking], in one environment.
  const Lookup(this._asking, this._source, {required this.isProduction});

  final Asking _asking;
  final Source _source;

  /// Production rather than the sandbox.
  final bool isProduction;

  /// Enhanced KYC (job type 5): the authority's record of a person. Needs the API key. Asked once: an authority may
  /// count.
  ///
  /// [idInfo] holds at least `country`, `id_type` and `id_number`; see `IdInfo.toJson`. Names that are missing in
  /// [partnerParams] are made; [consentInformation] is what the person agreed to, where the ID type needs that.
  ///
  /// Throws [SelfsameException]; [UntrustedException] where the answer is not signed with the partner's key.
  Future<JobResult> idVerification(
    JsonObject? partnerParams,
    JsonObject idInfo, {
    JsonObject? consentInformation,
    Cancellation? cancellation,
  }) => _result('v1/id_verification', partnerParams, idInfo, consentInformation, cancellation);

  /// The same by callback: the server takes the question and posts the result. An empty [callbackUrl]: to the partner's
  /// own, or the web token's. Gives the job that the result will name.
  Future<JobNames> asyncIdVerification(
    JsonObject? partnerParams,
    JsonObject idInfo,
    String callbackUrl, {
    JsonObject? consentInformation,
    Cancellation? cancellation,
  }) async {
    final given = _checked(partnerParams, idInfo);
    final (:params, :proof) = await _prove(given, JobType.enhancedKyc);
    final body = {
      ..._body(idInfo, params, consentInformation),
      if (callbackUrl.isNotEmpty) 'callback_url': callbackUrl,
      ...proof,
    };
    final answer = acceptObject(await _asking.post(_url('v1/async_id_verification'), body, cancellation));
    // Some servers of this API write it as text.
    if ('${answer['success']}' != 'true') {
      throw const AnswerException('the server did not say that it has taken the question');
    }
    return JobNames(
      userId: params.userId,
      jobId: params.jobId,
      jobType: JobType.enhancedKyc,
      isProduction: isProduction,
    );
  }

  /// Basic KYC: compares what is said of a person with the authority's record, and tells nothing else of it. Needs the
  /// API key.
  ///
  /// Throws [SelfsameException]; [UntrustedException] where the answer is not signed with the partner's key.
  Future<JobResult> verify(
    JsonObject? partnerParams,
    JsonObject idInfo, {
    JsonObject? consentInformation,
    Cancellation? cancellation,
  }) => _result('v2/verify', partnerParams, idInfo, consentInformation, cancellation);

  /// What the server looks up: ID types with their numbers' patterns, by product and country. Open to everybody.
  Future<Services> services({String? locale, Cancellation? cancellation}) async {
    final query = locale == null ? '' : '?locale=${Uri.encodeQueryComponent(locale)}';
    final url = _url('v1/services$query');
    return Services(acceptObject(await _again(cancellation, () => _asking.get(url, cancellation))));
  }

  /// What this partner may use of it, and where the person must consent. With the API key or a web token.
  Future<ProductsConfig> productsConfig({JsonObject? partnerParams, Cancellation? cancellation}) async {
    const jobType = JobType.biometricKyc;
    final (:params, :proof) = await _prove(NamedParams.of(partnerParams, jobType), jobType);
    final body = {
      'partner_id': _asking.connection.partnerId,
      if (proof.containsKey('token')) 'partner_params': params.json,
      ...proof,
    };
    final url = _url('v1/products_config');
    return ProductsConfig(acceptObject(await _again(cancellation, () => _asking.post(url, body, cancellation))));
  }

  Future<JobResult> _result(
    String path,
    JsonObject? partnerParams,
    JsonObject idInfo,
    JsonObject? consentInformation,
    Cancellation? cancellation,
  ) async {
    final params = _checked(partnerParams, idInfo);
    final body = {..._body(idInfo, params, consentInformation), ..._asking.sign(isProduction: isProduction)};
    return JobResult(_asking.verified(await _asking.post(_url(path), body, cancellation), isProduction: isProduction));
  }

  /// Whose job it is, and the proof. A web token says whose it is; what was asked for is only a wish.
  Future<({NamedParams params, JsonObject proof})> _prove(NamedParams params, int jobType) async {
    switch (_asking.connection.auth) {
      case ApiKeyAuth():
        return (params: params, proof: _asking.sign(isProduction: isProduction));
      case WebTokenAuth(:final webToken):
        final names = JobNames(
          userId: params.userId,
          jobId: params.jobId,
          jobType: jobType,
          isProduction: isProduction,
        );
        final token = await webToken(names);
        return (params: NamedParams.of({...params.json, ...namesIn(token)}, jobType), proof: {'token': token});
    }
  }

  /// Asks, again where that may help.
  Future<WireAnswer> _again(Cancellation? cancellation, Future<WireAnswer> Function() ask) {
    final Connection(:retry, :clock) = _asking.connection;
    return withRetry(retry, clock, cancellation, (_) async {
      final answer = await ask();
      accept(answer);
      return answer;
    });
  }

  String _url(String path) => '${_asking.connection.root(isProduction: isProduction)}/$path';

  NamedParams _checked(JsonObject? partnerParams, JsonObject idInfo) {
    checkJson(partnerParams, 'partnerParams');
    checkJson(idInfo, 'idInfo');
    checkIdentity(idInfo);
    return NamedParams.of(partnerParams, JobType.enhancedKyc);
  }

  /// One flat object. What is said of the person does not stand in for who asks.
  JsonObject _body(JsonObject idInfo, NamedParams params, JsonObject? consentInformation) => {
    for (final MapEntry(:key, :value) in idInfo.entries)
      if (!_ours.contains(key)) key: value,
    'partner_id': _asking.connection.partnerId,
    'partner_params': params.json,
    'source_sdk': _source.sdk,
    'source_sdk_version': _source.version,
    if (consentInformation != null) 'consent_information': consentInformation,
  };
}
