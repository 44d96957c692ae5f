<?php
// firebase/php-jwt: an assertion signed as Adobe's documents sign it, exchanged, and the access token verified with the same library.

use Firebase\JWT\JWK;
use Firebase\JWT\JWT;

$source = getenv('CLIENT_SOURCE') . '/src/';
// As Composer would load it.
spl_autoload_register(function (string $class) use ($source): void {
    $file = $source . substr(strrchr($class, '\\'), 1) . '.php';
    if (is_file($file)) {
        require $file;
    }
});

function post(string $path, array $form): array
{
    $options = ['method' => 'POST', 'content' => http_build_query($form), 'ignore_errors' => true,
        'header' => 'Content-Type: application/x-www-form-urlencoded'];
    $answer = file_get_contents(getenv('IMS_URL') . $path, false, stream_context_create(['http' => $options]));
    $body = json_decode($answer, true);
    if (isset($body['error'])) {
        throw new Exception($answer);
    }
    return $body;
}

function exchanged(array $changed = [], string $key = 'private.key', string $algorithm = 'RS256'): string
{
    $claims = $changed + [
        'exp' => time() + 300,
        'iss' => 'TEST@AdobeOrg',
        'sub' => 'TEST@techacct.adobe.com',
        'aud' => 'https://ims-na1.adobelogin.com/c/test-client',
        'https://ims-na1.adobelogin.com/s/ent_dataservices_sdk' => true,
    ];
    $jwt = JWT::encode($claims, file_get_contents($key), $algorithm);
    $form = ['client_id' => 'test-client', 'client_secret' => 'test-secret', 'jwt_token' => $jwt];
    return post('/ims/exchange/jwt', $form)['access_token'];
}

function verified(string $token): void
{
    $keys = json_decode(file_get_contents(getenv('IMS_URL') . '/ims/keys'), true);
    $claims = JWT::decode($token, JWK::parseKeySet($keys));
    if ($claims->client_id !== 'test-client') {
        throw new Exception('another client');
    }
}

$cases = [
    ['exchange, and the signature of the access token', null, fn () => verified(exchanged())],
    ['wrong key', 'invalid_signature', fn () => exchanged(key: 'other.key')],
    ['RS512', 'invalid_signature', fn () => exchanged(algorithm: 'RS512')],
    ['ended', 'JWT token has expired', fn () => exchanged(['exp' => time() - 60])],
    ['unknown organization', 'invalid_signature', fn () => exchanged(['iss' => 'OTHER@AdobeOrg'])],
];

$allRight = true;
foreach ($cases as [$name, $refusal, $call]) {
    $said = null;
    try {
        $call();
    } catch (Throwable $error) {
        $said = $error->getMessage();
    }
    $isRight = $refusal === null ? $said === null : str_contains((string) $said, $refusal);
    $allRight = $allRight && $isRight;
    echo ($isRight ? 'ok' : 'WRONG') . ": $name: " . ($said ?? 'succeeded') . "\n";
}
exit($allRight ? 0 : 1);
