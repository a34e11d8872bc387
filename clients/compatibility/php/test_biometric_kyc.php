<?php

// smile-identity-core for PHP, as its users call it: a selfie and an ID number, or an ID card (job type 1).

require __DIR__ . '/calling.php';

// The client checks the identity where `entered` is text.
function nin(string $number, array $change = []): array
{
    return $change + ['country' => 'NG', 'id_type' => 'NIN', 'id_number' => $number, 'entered' => 'true'];
}

// What a job says with a number of the sandbox that ends in 4: whose record the authority has.
$ada = ['FullName' => 'Ada King Lovelace', 'DOB' => '1990-12-10', 'Photo' => as_base64('obama2')];
$fourth = nin('00000000004');

$user = uniqid('user-', true);
$enrolled = submit(api(), $user, 1, [selfie('obama')], $fourth, $ada);
same(['0810', '1012'], codes($enrolled), 'the face of the record');
same(true, $enrolled['job_success'], 'the face of the record');
[$result, $looked_up] = $enrolled['history'];
same('Ada King Lovelace', $result['FullName'], 'the name');
same('1990-12-10', $result['DOB'], 'the date of birth');
same('00000000004', $result['IDNumber'], 'the number');
same(as_base64('obama2'), $result['Photo'], 'the photograph');
same('Completed', $result['Actions']['Selfie_To_ID_Authority_Compare'], 'the comparison');
same(['ID Verification', 'false'], [$looked_up['ResultType'], $looked_up['IsFinalResult']], 'the first result');
same('0820', submit(api(), $user, 2, [selfie('obama3')])['result']['ResultCode'], 'whoever was enrolled comes back');
$other = submit(api(), uniqid('user-', true), 1, [selfie('biden')], $fourth, $ada);
same(['0811', '1012'], codes($other), 'another face');
same(false, $other['job_success'], 'another face');

$joe = submit(api(), uniqid('user-', true), 1, [selfie('obama2')], nin('00000000000'))['result'];
same(['0810', 'Joe Leo', '2000-09-20'], [$joe['ResultCode'], $joe['FullName'], $joe['DOB']], 'Joe Leo');
$bodies = callbacks($joe['SmileJobID'], 2);
$called_back = array_column($bodies, 'ResultCode');
sort($called_back);
same(['0810', '1012'], $called_back, 'called back');
same([true, true], array_map('is_signed', $bodies), 'callbacks are signed');

$failing = [
    ['1013', nin('00000000001')], ['1014', nin('00000000002')], ['1015', nin('00000000003')], ['1014', nin('123')],
    ['1016', nin('00000000000', ['id_type' => 'LIBRARY_CARD'])], ['1016', nin('00000000000', ['country' => 'FR'])],
];
foreach ($failing as [$code, $id_info]) {
    $params = naming(uniqid('user-', true), 1);
    $begun = api()->submit_job($params, [selfie('obama')], $id_info, []);
    $ended = ended($params);
    same(['success' => true, 'smile_job_id' => $ended['result']['SmileJobID']], $begun, 'begun');
    same([$code], codes($ended), 'a look-up that fails');
    same([false, 'true'], [$ended['job_success'], $ended['result']['IsFinalResult']], $code);
}

foreach ([['obama', '0810', 'Completed'], ['biden', '0811', 'Failed']] as [$face, $code, $compared]) {
    $ended = submit(api(), uniqid('user-', true), 1, [selfie($face), card('obama2')]);
    same([$code], codes($ended), 'with an ID card');
    same($compared, $ended['result']['Actions']['Selfie_To_ID_Card_Compare'], 'with an ID card');
    same(true, isset($ended['image_links']['id_card_image']), 'the card');
}
same(['0001'], codes(submit(api(), uniqid('user-', true), 1, [selfie('obama')])), 'neither number nor card');

// What the client refuses itself.
foreach (['country', 'id_type', 'id_number'] as $name) {
    refused([$name], fn() => submit(api(), $user, 1, [selfie('obama')], nin('00000000000', [$name => ''])));
}
refused(['at least one selfie'], fn() => submit(api(), $user, 1, [card('obama')], nin('00000000000')));
foreach ([8, 9] as $type) {
    refused(['job_type must be one of'], fn() => submit(api(), $user, $type, [selfie('obama')]));
}

// What the server refuses.
refused(['signature does not match'], fn() => submit(api('wrong'), uniqid(), 1, [selfie('obama')], nin('00000000000')));
foreach ([6, 11] as $type) {
    $passport = ['country' => 'NG', 'id_type' => 'PASSPORT'];
    $images = [selfie('obama'), card('obama2')];
    refused(["job_type $type is not performed by this server yet"], fn() => submit(api(), uniqid(), $type, $images, $passport));
}
echo "PHP client, a selfie and an ID number: all as expected\n";
