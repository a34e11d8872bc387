<?php

// docs/compatibility.md names the pinned version of usesmileid and each of its public methods.

use SmileIdentity\Client;
use SmileIdentity\Version;

require __DIR__ . '/calling.php';

$sections = explode("\n## ", file_get_contents(__DIR__ . '/../../../../docs/compatibility.md'));
$section = current(array_filter($sections, fn(string $text) => str_starts_with($text, 'v3 in PHP: ')));
same(true, str_starts_with($section, 'v3 in PHP: smileid/usesmileid ' . Version::VERSION . "\n"), 'the version');
$methods = [];
foreach ((new ReflectionClass(Client::class))->getProperties(ReflectionProperty::IS_PUBLIC) as $resource) {
    $class = new ReflectionClass($resource->getType()->getName());
    foreach ($class->getMethods(ReflectionMethod::IS_PUBLIC) as $method) {
        if (!$method->isConstructor()) {
            $methods[] = $resource->getName() . '.' . $method->getName();
        }
    }
}
same(true, in_array('biometric.enroll', $methods, true), 'methods were found');
$missing = array_filter($methods, fn(string $method) => !str_contains($section, "`$method`"));
same([], array_values($missing), 'methods that the table lacks');
echo "PHP client of v3, the table of its methods: all as expected\n";
