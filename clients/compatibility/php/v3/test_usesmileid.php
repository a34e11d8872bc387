<?php

// usesmileid for PHP, as its users call it.

use SmileIdentity\Errors\InvalidRequestError;

require __DIR__ . '/calling.php';

$biometric = client()->biometric;
$user = uniqid('user-', true);
$enrolled = $biometric->enroll(...selfie('obama'), ...said(), userId: $user);
same($user, $enrolled->userId, 'the user');
ends(['clear', null, 'smart_selfie_registration'], $enrolled);
$back = $biometric->authenticate(...selfie('obama3'), ...said(), userId: $user);
ends(['clear', null, 'smart_selfie_authentication'], $back);
refused('ConflictError', 409, 'enrolled', fn() => $biometric->enroll(...selfie('obama'), ...said(), userId: $user));
same(true, client()->users->flagFraud($user, 'MULE_ACCOUNT', 'risk@example.com')->isAccepted, 'reported');
same(true, client()->users->clearFraud($user, 'she called', 'risk@example.com')->isAccepted, 'reported');
$locked = $biometric->authenticate(...selfie('obama3'), ...said(), userId: $user);
ends(['block', 'account_locked_fraud', 'smart_selfie_authentication'], $locked);

foreach ([['obama', 'clear', null], ['biden', 'block', 'face_verification_failed']] as [$face, $status, $reason]) {
    $images = [photograph($face), photograph('obama2'), 'PORTRAIT'];
    ends([$status, $reason, 'smart_selfie_compare'], $biometric->compare(...$images, ...said()));
}

$joe = person('Joe', 'Leo');
$accepted = client()->enhancedKyc->verify(...nin(), ...said($joe));
ends(['clear', null, 'enhanced_kyc'], $accepted);
ends(['clear', null, 'biometric_kyc'], client()->biometricKyc->verify(...selfie('obama2'), ...nin(), ...said($joe)));

$verifications = client()->verifications;
same(true, $verifications->replay($accepted->jobId, $setting['webhook'] . '/elsewhere')->isAccepted, 'replayed');
same('/webhook/elsewhere', webhooks($accepted->jobId, 2)[1]['path'], 'replayed to another URL');
same(true, $verifications->replay($accepted->jobId)->isAccepted, 'replayed');
same('/webhook', webhooks($accepted->jobId, 3)[2]['path'], 'replayed');
same(true, $verifications->retrieve(NO_JOB)->isNotFound, 'no such job');
refused('NotFoundError', 404, '', fn() => $verifications->replay(NO_JOB));

$services = client()->services;
$banks = $services->bankCodes('NG')->bankCodes;
same(['NG'], array_values(array_unique(array_map(fn($bank) => $bank->country, $banks))), 'banks');
same(true, in_array('NIN', array_map(fn($type) => $type->type, $services->supportedIdTypes('NG')->idTypes), true), 'ID types');
same([], $services->supportedDocuments(countryCode: 'GH')->validDocuments, 'documents are not served yet');
same('online', $services->idStatus('NG', 'NIN')->lastKnownStatus, 'the authority');
try {
    $services->bankCodes('NGA');
} catch (InvalidRequestError $error) {
}
same('2204', $error->code ?? 'no refusal', 'a country that is none');

refused('AuthenticationError', 401, '', fn() => client('wrong')->verifications->retrieve(NO_JOB));
refused('InvalidRequestError', 400, 'id_number', fn() => client()->enhancedKyc->verify(...nin(''), ...said()));
$document = [...selfie('obama'), 'document' => photograph('obama2'), 'country' => 'GH', 'idType' => 'PASSPORT', ...said()];
refused('PermissionError', 403, 'document', fn() => client()->documents->verify(...$document));
refused('PermissionError', 403, 'document', fn() => client()->documents->verifyEnhanced(...$document));
$large = ['selfieImage' => file_get_contents(photograph('obama')) . str_repeat("\0", 5_000_000)] + selfie('obama');
refused('PayloadTooLargeError', 413, '', fn() => $biometric->enroll(...$large, ...said()));
echo "PHP client of v3: all as expected\n";
