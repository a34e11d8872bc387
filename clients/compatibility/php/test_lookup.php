<?php

// smile-identity-core for PHP, as its users call it: people and businesses by their numbers (job types 5 and 7), the list of
// services, and web tokens.

require __DIR__ . '/calling.php';

const JOE_LEO = ['country' => 'NG', 'id_type' => 'NIN', 'id_number' => '00000000000'];
const COMPANY = ['country' => 'NG', 'id_type' => 'BUSINESS_REGISTRATION', 'id_number' => '0000000', 'business_type' => 'co'];

function tells_joe(array $result, array $params): void
{
    $told = array_map(fn(string $name) => $result[$name], ['ResultCode', 'ResultType', 'FullName', 'DOB', 'IDNumber', 'PhoneNumber']);
    same(['1012', 'ID Verification', 'Joe Leo', '2000-09-20', '00000000000', 'Not Available'], $told, 'the record');
    same(['Verify_ID_Number' => 'Verified', 'Return_Personal_Info' => 'Returned'], $result['Actions'], 'the actions');
    same($params, $result['PartnerParams'], 'echoed');
    same(as_base64('obama'), $result['Photo'], 'the photograph');
    same(true, is_signed($result), 'signed');
}

$asks = [
    fn(array $params) => id_api()->submit_job($params, JOE_LEO, []),
    fn(array $params) => api()->submit_job($params, [], JOE_LEO, []),
];
foreach ($asks as $ask) {
    $params = naming(uniqid('user-', true), 5);
    $result = $ask($params);
    tells_joe($result, $params);
    $kept = api()->get_job_status($params, POLL);
    same([true, true, ['1012']], [$kept['job_complete'], $kept['job_success'], codes($kept)], 'the status');
    same($result['SmileJobID'], $kept['result']['SmileJobID'], 'the status');
    same($result['SmileJobID'], api()->query_job_status($params, POLL)['result']['SmileJobID'], 'the status');
    // This client names its callback in this request, too.
    tells_joe(callbacks($result['SmileJobID'], 1)[0], $params);
}

$asks = [
    fn(array $params) => id_api()->submit_job($params, JOE_LEO, ['user_async' => true]),
    fn(array $params) => api()->submit_job($params, [], JOE_LEO, ['user_async' => true]),
];
foreach ($asks as $ask) {
    $params = naming(uniqid('user-', true), 5);
    same(['success' => true], $ask($params), 'accepted');
    $kept = ended($params);
    tells_joe($kept['result'], $params);
    tells_joe(callbacks($kept['result']['SmileJobID'], 1)[0], $params);
}

$params = naming(uniqid('user-', true), 7);
$company = api()->submit_job($params, [], COMPANY, []);
same(['1012', 'Business Verification', true], [$company['ResultCode'], $company['ResultType'], $company['success']], 'a business');
same('Joe Leo Limited', $company['company_information']['legal_name'], 'a business');
same(true, is_signed($company), 'signed');
same($company['SmileJobID'], api()->get_job_status($params, POLL)['result']['SmileJobID'], 'the status');
$nobody = api()->submit_job(naming(uniqid('user-', true), 7), [], ['id_number' => '0000001'] + COMPANY, []);
same(['1013', false], [$nobody['ResultCode'], $nobody['success']], 'no such business');

$without_record = [
    ['1013', ['id_number' => '00000000001'], 'Not Verified'], ['1014', ['id_number' => '00000000002'], 'Not Verified'],
    ['1015', ['id_number' => '00000000003'], 'Issuer Unavailable'], ['1014', ['id_number' => '12345'], 'Not Verified'],
    ['1016', ['id_type' => 'LIBRARY_CARD'], 'Not Done'], ['1016', ['country' => 'FR'], 'Not Done'],
];
foreach ($without_record as [$code, $change, $verified]) {
    $params = naming(uniqid('user-', true), 5);
    $result = id_api()->submit_job($params, $change + JOE_LEO, []);
    same($code, $result['ResultCode'], 'without a record');
    same(['Verify_ID_Number' => $verified, 'Return_Personal_Info' => 'Not Returned'], $result['Actions'], $code);
    same(false, api()->get_job_status($params, POLL)['job_success'], $code);
}

// What is missing or wrong is named: by the server where the client does not look.
foreach (array_keys(JOE_LEO) as $name) {
    $without = array_diff_key(JOE_LEO, [$name => '']);
    refused(['"code":"2213"', $name], fn() => id_api()->submit_job(naming('u', 5), $without, []));
    refused([$name], fn() => id_api()->submit_job(naming('u', 5), ['entered' => 'true'] + $without, []));
    refused([$name], fn() => api()->submit_job(naming('u', 7), [], array_diff_key(COMPANY, [$name => '']), []));
}
$nameless = array_diff_key(COMPANY, ['business_type' => '']);
refused(['"code":"2413"', 'business_type'], fn() => api()->submit_job(naming('u', 7), [], $nameless, []));
refused(['"code":"2204"', 'country'], fn() => id_api()->submit_job(naming('u', 5), ['country' => 'NGA'] + JOE_LEO, []));
refused(['"code":"2205"'], fn() => id_api('wrong')->submit_job(naming('u', 5), JOE_LEO, []));
refused(['"code":"2304"'], fn() => api()->get_job_status(naming('u', 5), POLL));
refused(['job_type must be 5'], fn() => id_api()->submit_job(naming('u', 1), JOE_LEO, []));
refused(['id_type must be one of'], fn() => api()->submit_job(naming('u', 7), [], ['id_type' => 'CAC'] + COMPANY, []));

$offered = api()->query_smile_id_services();
foreach (['basic_kyc', 'biometric_kyc', 'enhanced_kyc'] as $product) {
    $type = $offered['hosted_web'][$product]['NG']['id_types']['NIN'];
    same(['NIN', '00000000000', '^[0-9]{11}$'], [$type['label'], $type['test_data'], $type['id_number_regex']], $product);
}
same([], $offered['hosted_web']['doc_verification'], 'no documents yet');

function asked(int $type, string $product): array
{
    $params = naming(uniqid('user-', true), $type);
    $answer = api()->get_web_token($params['user_id'], $params['job_id'], $product);
    return $answer + ['partner_id' => '2343', 'smile_client_id' => '2343', 'file_name' => 'selfie.zip', 'partner_params' => $params];
}

function post(string $path, array $body): array
{
    $http = ['method' => 'POST', 'header' => 'Content-Type: application/json', 'content' => json_encode($body), 'ignore_errors' => true];
    return json_decode(file_get_contents($GLOBALS['setting']['http'] . $path, false, stream_context_create(['http' => $http])), true);
}

same('2202', post('/v1/upload', asked(1, 'biometric_kyc'))['code'], 'a web token for a selfie and a number');
$person = asked(5, 'enhanced_kyc') + JOE_LEO;
same('2205', post('/v1/id_verification', $person)['code'], 'the record is not the page\'s');
same(['success' => true], post('/v1/async_id_verification', $person), 'a web token for a look-up');
$refusal = asked(6, 'doc_verification');
same(['2212', 400], [$refusal['code'], $refusal['statusCode']], 'no web token for documents yet');
echo "PHP client, looking identities up: all as expected\n";
