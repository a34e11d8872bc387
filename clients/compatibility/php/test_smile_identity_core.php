<?php

// smile-identity-core for PHP, as its users call it: enrolment and authentication.

require __DIR__ . '/calling.php';

$user = uniqid('user-', true);
$enrolled = submit(api(), $user, 4, [selfie('obama')]);
same('0840', $enrolled['result']['ResultCode'], 'enrolled');
same('kept', $enrolled['result']['PartnerParams']['note'], 'echoed');
date_default_timezone_set('Africa/Lagos');
same('0820', submit(api(), $user, 2, [selfie('obama2')])['result']['ResultCode'], 'the same person');
$other = submit(api(), $user, 2, [selfie('biden')]);
same('0821', $other['result']['ResultCode'], 'another person');
same(false, $other['job_success'], 'another person');
same(true, is_signed($other['result']), 'signed');
same(true, api()->get_web_token($user, 'job', 'authentication')['success'], 'a web token');
// The client keeps the text of a refusal and drops its code.
refused(['signature does not match'], fn() => submit(api('wrong'), uniqid(), 4, [selfie('obama')]));
refused(['no enrolled user'], fn() => submit(api(), uniqid(), 2, [selfie('obama')]));
echo "PHP client, enrolment and authentication: all as expected\n";
