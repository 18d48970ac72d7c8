package dev.mailbell.e2e;

import java.util.List;

/** Texts that clients send by mistake or malice. None of them names a host. */
final class FuzzTexts {
    /** What is not a JSON value is put in as a string and replaced in the text. */
    static final List<String> RAW =
            List.of(
                    "1e400",
                    "-0",
                    "00",
                    "1.0E-400",
                    "9".repeat(120),
                    "NaN",
                    "+1",
                    "0x1",
                    "'x'",
                    "undefined",
                    "\"\\ud800\"",
                    "\"\\udfff\\ud800\"",
                    "\"\\u00\"",
                    "\"\\u0000\"",
                    "\"a\tb\"",
                    "/*x*/1",
                    "{\"a\":1,\"a\":2}",
                    "[1,]");

    static final List<String> WILD =
            List.of(
                    "",
                    " ",
                    "\u0000",
                    "a\u0000b",
                    "\r\nX-Injected: 1",
                    "\n2026-11-20T00:00:00.000Z ERROR forged",
                    "\u001b[31mred",
                    "\u202e\u2028\u2029\ufeff",
                    "é\u0301\ud83d\ude00漢字\u0627",
                    "'; drop table account; --",
                    "%00%0d%0a%2e%2e%2f",
                    "../../etc/passwd",
                    "${jndi:dns}",
                    "{{7*7}}",
                    "<script>alert(1)</script>",
                    "null",
                    "true",
                    "-1",
                    "18446744073709551616",
                    "1e9",
                    "NaN",
                    "PT-1S",
                    "P99999999999999999999D",
                    "PT9223372036854775807S",
                    "+999999999-12-31T23:59:60Z",
                    "0000-00-00T00:00:00Z",
                    "2026-02-30T25:61:61+99:99",
                    "00000000-0000-0000-0000-000000000000",
                    "ffffffff-ffff-ffff-ffff-ffffffffffff",
                    "0-0-0-0-0",
                    "*",
                    "&",
                    "&AOk-",
                    "INBOX",
                    "inbox/../Sent");

    static final List<String> ODD_TYPES =
            List.of(
                    "text/plain",
                    "application/json; charset=utf-16",
                    "application/json;charset=\"UTF-8\"",
                    "application/xml",
                    "multipart/form-data; boundary=x",
                    "application/x-www-form-urlencoded",
                    "application/json; charset=?",
                    "/",
                    ";",
                    "application/json, text/plain");
    static final List<String> ODD_HEADERS =
            List.of(
                    "X-HTTP-Method-Override: DELETE",
                    "X-HTTP-Method: DELETE",
                    "X-Method-Override: PATCH",
                    "Accept: text/html;q=0.1, */*;q=banana",
                    "Accept-Encoding: gzip, br, *;q=0",
                    "Content-Encoding: gzip",
                    "Cookie: JSESSIONID=x; a=\u0001",
                    "Range: bytes=0-",
                    "If-Match: *",
                    "If-None-Match: \"x\"",
                    "If-Modified-Since: yesterday",
                    "Origin: https://evil.example",
                    "Access-Control-Request-Method: DELETE",
                    "Forwarded: for=\"[::1]\";host=x;proto=https",
                    "X-Forwarded-For: 127.0.0.1",
                    "X-Forwarded-Proto: https",
                    "Upgrade: websocket",
                    "Connection: upgrade",
                    "Upgrade: h2c",
                    "TE: trailers",
                    "Via: 1.1 x",
                    "Max-Forwards: 0",
                    "Idempotency-Key: a b",
                    "Mailbell-Client: 0199a3c2-7a10-7c3e-9d7e-3f1d2f1b6a55",
                    "Mailbell-Client: *",
                    "Last-Event-ID: \u00ff\u00fe",
                    "Authorization: Basic eDp4",
                    "X-\u00e9: \u00e9");
    static final List<String> METHODS =
            List.of(
                    "HEAD",
                    "OPTIONS",
                    "TRACE",
                    "PUT",
                    "POST",
                    "PATCH",
                    "DELETE",
                    "GET",
                    "BEFORE",
                    "AFTER",
                    "WEBSOCKET_BEFORE_UPGRADE",
                    "INVALID",
                    "PROPFIND",
                    "get",
                    "QUERY",
                    "M".repeat(300));

    private FuzzTexts() {}
}
