<?php

// smile-identity-core for PHP, as its users call it. AUTOLOAD is Composer's file.

use SmileIdentity\Signature;
use SmileIdentity\SmileIdentityCore;

require getenv('AUTOLOAD');

$setting = json_decode(getenv('SELFSAME_SETTING'), true);
$key = $setting['partner']['sandbox_api_key'];
$api = fn(string $with) => new SmileIdentityCore('2343', $setting['callback'], $with, "{$setting['http']}/v1/");
$options = ['optional_callback' => '', 'return_job_status' => true, 'return_history' => true, 'return_image_links' => true];

function same($wanted, $found, string $what): void
{
    if ($wanted !== $found) {
        fwrite(STDERR, "$what: " . json_encode($found) . " is not " . json_encode($wanted) . "\n");
        exit(1);
    }
}

function submit(SmileIdentityCore $web, string $user, int $type, string $photo, array $options): array
{
    $params = ['user_id' => $user, 'job_id' => uniqid('job-', true), 'job_type' => $type, 'note' => 'kept'];
    return $web->submit_job($params, [['image_type_id' => 0, 'image' => $photo]], ['entered' => 'false'], $options);
}

$photos = $setting['photographs'];
$user = uniqid('user-', true);
date_default_timezone_set('UTC');
$enrolled = submit($api($key), $user, 4, $photos['obama'], $options);
same('0840', $enrolled['result']['ResultCode'], 'enrolled');
same('kept', $enrolled['result']['PartnerParams']['note'], 'echoed');
date_default_timezone_set('Africa/Lagos');
same('0820', submit($api($key), $user, 2, $photos['obama2'], $options)['result']['ResultCode'], 'the same person');
$other = submit($api($key), $user, 2, $photos['biden'], $options);
same('0821', $other['result']['ResultCode'], 'another person');
same(false, $other['job_success'], 'another person');
$signature = new Signature('2343', $key);
same(true, $signature->confirm_signature($other['result']['timestamp'], $other['result']['signature']), 'signed');
same(true, $api($key)->get_web_token($user, 'job', 'authentication')['success'], 'a web token');
foreach ([['2205', 'wrong', 4], ['2210', $key, 2]] as [$code, $with, $type]) {
    try {
        submit($api($with), uniqid(), $type, $photos['obama'], $options);
        same("refused with $code", 'accepted', 'a refusal');
    } catch (Exception $refused) {
        // The client keeps the text of a refusal and drops its code.
        $wanted = $code === '2205' ? 'signature does not match' : 'no enrolled user';
        same(true, str_contains($refused->getMessage(), $wanted), $refused->getMessage());
    }
}
echo "PHP client: all as expected\n";
