<?php

// Calls of smile-identity-core that several tests make. AUTOLOAD is Composer's file.

use GuzzleHttp\Exception\ClientException;
use SmileIdentity\IdApi;
use SmileIdentity\Signature;
use SmileIdentity\SmileIdentityCore;

require getenv('AUTOLOAD');

date_default_timezone_set('UTC');
$setting = json_decode(getenv('SELFSAME_SETTING'), true);
$photos = $setting['photographs'];
const POLL = ['optional_callback' => '', 'return_job_status' => true, 'return_history' => true, 'return_image_links' => true];

function key_of_partner(): string
{
    return $GLOBALS['setting']['partner']['sandbox_api_key'];
}

function api(?string $key = null): SmileIdentityCore
{
    ['http' => $server, 'callback' => $callback] = $GLOBALS['setting'];
    return new SmileIdentityCore('2343', $callback, $key ?? key_of_partner(), "$server/v1/");
}

function id_api(?string $key = null): IdApi
{
    ['http' => $server, 'callback' => $callback] = $GLOBALS['setting'];
    return new IdApi('2343', $callback, $key ?? key_of_partner(), "$server/v1/");
}

function naming(string $user, int $type, array $more = []): array
{
    return ['user_id' => $user, 'job_id' => uniqid('job-', true), 'job_type' => $type, 'note' => 'kept'] + $more;
}

function selfie(string $photo): array
{
    return ['image_type_id' => 0, 'image' => $GLOBALS['photos'][$photo]];
}

function card(string $photo): array
{
    return ['image_type_id' => 1, 'image' => $GLOBALS['photos'][$photo]];
}

function as_base64(string $photo): string
{
    return base64_encode(file_get_contents($GLOBALS['photos'][$photo]));
}

function submit(SmileIdentityCore $web, string $user, int $type, array $images, array $id_info = ['entered' => 'false'], array $more = []): array
{
    return $web->submit_job(naming($user, $type, $more), $images, $id_info, POLL);
}

// The status of a job at its end: asked for more often than the client itself does.
function ended(array $params): array
{
    for ($waited = 0; $waited < 600; $waited += 1) {
        $status = api()->get_job_status($params, POLL);
        if ($status['job_complete']) {
            return $status;
        }
        usleep(200_000);
    }
    same('an end', 'none', $params['job_id']);
}

function codes(array $status): array
{
    return array_column($status['history'], 'ResultCode');
}

function is_signed(array $body): bool
{
    return (new Signature('2343', key_of_partner()))->confirm_signature($body['timestamp'], $body['signature']);
}

// A job's callbacks, in the order in which they came.
function callbacks(string $smile_job_id, int $count): array
{
    for ($waited = 0; $waited < 600; $waited += 1) {
        $all = json_decode(file_get_contents($GLOBALS['setting']['callback']), true);
        $found = array_values(array_filter($all, fn(array $body) => $body['SmileJobID'] === $smile_job_id));
        if (count($found) >= $count) {
            return $found;
        }
        usleep(200_000);
    }
    same("$count callbacks", count($found), $smile_job_id);
}

function same($wanted, $found, string $what): void
{
    if ($wanted !== $found) {
        fwrite(STDERR, "$what: " . json_encode($found) . " is not " . json_encode($wanted) . "\n");
        exit(1);
    }
}

// Calls, and finds the texts in what the refusal says: in the server's answer, where the client kept it, else in the message.
function refused(array $texts, callable $call): void
{
    try {
        $call();
    } catch (ClientException $refused) {
        $told = (string) $refused->getResponse()->getBody();
    } catch (Exception $refused) {
        $told = $refused->getMessage();
    }
    same(true, isset($told), 'a refusal with ' . implode(', ', $texts));
    foreach ($texts as $text) {
        same(true, str_contains($told, $text), "'$text' in: $told");
    }
}
