<?php

// Calls of usesmileid for PHP that several tests make. AUTOLOAD_V3 is Composer's file. PHP's curl.cainfo and openssl.cafile name the
// test's authority.

use SmileIdentity\Client;
use SmileIdentity\Consent;
use SmileIdentity\Errors\SmileIDError;
use SmileIdentity\Generated\Models\AcceptedResponse;

require getenv('AUTOLOAD_V3');

$setting = json_decode(getenv('SELFSAME_SETTING'), true);
const NO_JOB = 'job_01jd8qk3fxe1x8p2v5w7y9z0ab';

function client(?string $key = null): Client
{
    ['server' => $server, 'webhook' => $webhook] = $GLOBALS['setting'];
    return new Client(partnerId: '2343', apiKey: $key ?? key_of_partner(), baseUrl: $server, defaultCallbackUrl: $webhook);
}

function key_of_partner(): string
{
    return $GLOBALS['setting']['partner']['sandbox_api_key'];
}

function person(string $given = 'Ada', string $last = 'Lovelace'): array
{
    return ['given_names' => $given, 'last_name' => $last, 'email' => strtolower(strtok($given, ' ') . ".$last@example.com")];
}

// What every submission carries beside its product's own.
function said(?array $details = null): array
{
    $consent = Consent::granted(new DateTimeImmutable(), 'EN', 'https://example.com/p');
    return ['consent' => $consent, 'userDetails' => $details ?? person(), 'partnerParams' => ['order' => '7']];
}

function nin(string $number = '00000000000'): array
{
    return ['country' => 'NG', 'idType' => 'NIN', 'idNumber' => $number];
}

function photograph(string $name): string
{
    return $GLOBALS['setting']['photographs'][$name];
}

function selfie(string $photo): array
{
    return ['selfieImage' => photograph($photo), 'livenessImages' => $GLOBALS['setting']['frames']];
}

// A job's webhooks, in the order in which they came, when there are so many.
function webhooks(string $job, int $count = 1): array
{
    for ($waited = 0; $waited < 600; $waited += 1) {
        $all = json_decode(file_get_contents($GLOBALS['setting']['webhook']), true);
        $found = array_values(array_filter($all, fn(array $told) => ($told['headers']['job-id'] ?? '') === $job));
        if (count($found) >= $count) {
            return $found;
        }
        usleep(200_000);
    }
    same("$count webhooks", count($found), $job);
}

// Waits for a job's end, and finds the decision in the webhook. The status says the same, and the headers are signed.
function ends(array $expected, AcceptedResponse $accepted): void
{
    same(true, $accepted->isAccepted, 'accepted');
    $status = client()->verifications->waitUntilComplete($accepted->jobId, 0.1, 120);
    ['headers' => $headers, 'body' => $body] = webhooks($accepted->jobId)[0];
    $signature = base64_encode(hash_hmac('sha256', $headers['response-timestamp'] . '2343sid_request', key_of_partner(), true));
    same($signature, $headers['response-signature'], 'signed');
    same([$status->status, $status->userId], [$body['status'], $headers['user-id']], 'the status');
    same($expected, [$body['status'], $body['reason'], $body['product']], 'the decision');
}

// Calls, and finds the client's own error for the refusal, with what was wrong.
function refused(string $kind, int $status, string $text, callable $call): void
{
    $error = null;
    try {
        $call();
    } catch (SmileIDError $error) {
    }
    $found = $error === null ? 'no refusal' : [get_class($error), $error->statusCode];
    same(["SmileIdentity\\Errors\\$kind", $status], $found, $text);
    same(true, str_contains($error->getMessage(), $text) && $error->requestId !== null, "'$text' in: {$error->rawBody}");
}

function same($wanted, $found, string $what): void
{
    if ($wanted !== $found) {
        fwrite(STDERR, "$what: " . json_encode($found) . " is not " . json_encode($wanted) . "\n");
        exit(1);
    }
}
