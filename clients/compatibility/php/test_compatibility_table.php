<?php

// docs/compatibility.md names the pinned version of smile-identity-core and each of its public methods.

use SmileIdentity\Config;
use SmileIdentity\SmileIdentityCore;

require __DIR__ . '/calling.php';

$sections = explode("\n## ", file_get_contents(__DIR__ . '/../../../docs/compatibility.md'));
$section = current(array_filter($sections, fn(string $text) => str_starts_with($text, 'PHP: ')));
same(true, str_starts_with($section, 'PHP: smile-identity-core ' . Config::VERSION . "\n"), 'the version');
$methods = [];
foreach (glob(dirname((new ReflectionClass(SmileIdentityCore::class))->getFileName()) . '/[A-Z]*.php') as $file) {
    $class = new ReflectionClass('SmileIdentity\\' . basename($file, '.php'));
    foreach ($class->getMethods(ReflectionMethod::IS_PUBLIC) as $method) {
        if (!$method->isConstructor()) {
            $methods[] = $class->getShortName() . '.' . $method->getName();
        }
    }
}
same(true, in_array('SmileIdentityCore.submit_job', $methods, true), 'methods were found');
$missing = array_filter($methods, fn(string $method) => !str_contains($section, "`$method`"));
same([], array_values($missing), 'methods that the table lacks');
echo "PHP client, the table of its methods: all as expected\n";
