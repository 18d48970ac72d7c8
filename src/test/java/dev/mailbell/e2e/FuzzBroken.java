package dev.mailbell.e2e;

import dev.mailbell.e2e.FuzzContract.Operation;
import java.util.List;

/** What is sent over a connection and is no HTTP, or nearly. */
final class FuzzBroken {
    private FuzzBroken() {}

    /**
     * @param noise bytes of any value, as Latin-1
     */
    static List<String> requests(Operation operation, String key, String noise) {
        String line = operation.method() + " " + operation.somePath() + " HTTP/1.1\r\n";
        String host = "Host: 127.0.0.1\r\n";
        String auth = "Authorization: Bearer " + key + "\r\n";
        String json = "Content-Type: application/json\r\n";
        String head = line + host + auth + json;
        return List.of(
                head + "Transfer-Encoding: chunked\r\n\r\nzz\r\n{}\r\n0\r\n\r\n",
                head + "Transfer-Encoding: chunked\r\n\r\n2;x=y\r\n{}\r\n0\r\nX: y\r\n\r\n",
                head + "Transfer-Encoding: chunked\r\n\r\nffffffffffffffff\r\n{}",
                head
                        + "Transfer-Encoding: chunked\r\nContent-Length: 2\r\n\r\n2\r\n{}\r\n0\r\n\r\n",
                head + "Transfer-Encoding: gzip, chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n",
                head + "Transfer-Encoding: chunked\r\n\r\n2\r\n{",
                head + "Content-Length: 100\r\n\r\n{}",
                head + "Content-Length: -1\r\n\r\n{}",
                head + "Content-Length: 2\r\nContent-Length: 3\r\n\r\n{} ",
                head + "Content-Length: 99999999999999999999\r\n\r\n{}",
                head + "Content-Length: 2, 2\r\n\r\n{}",
                head + "Content-Length: 0x2\r\n\r\n{}",
                head + "Expect: 200-ok\r\nContent-Length: 2\r\n\r\n{}",
                head + "X: " + "y".repeat(70_000) + "\r\n\r\n",
                head + "no colon\r\n\r\n",
                head + " folded: 1\r\n\r\n",
                head + "Space : 1\r\n\r\n",
                head + "X: a\u0000b\r\n\r\n",
                head + "X: a\rb\r\n\r\n",
                head + ": empty\r\n\r\n",
                line + auth + "\r\n",
                line + host + "Host: other\r\n" + auth + "\r\n",
                line + "Host: [::1\r\n" + auth + "\r\n",
                line + "Host: a b\r\n" + auth + "\r\n",
                line + "Host: x:99999999\r\n" + auth + "\r\n",
                head.replace("HTTP/1.1", "HTTP/1.0") + "\r\n",
                head.replace("HTTP/1.1", "HTTP/2.0") + "\r\n",
                head.replace("HTTP/1.1", "HTTP/9.9") + "\r\n",
                head.replace("HTTP/1.1", "HTTP/1.1 x") + "\r\n",
                head.replace("\r\n", "\n") + "\n",
                head.replace(" HTTP/1.1", "") + "\r\n",
                head.replace(" /", " http://other.example/") + "\r\n",
                head.replace(" /", " /../../") + "\r\n",
                head.replace(" /", " //") + "\r\n",
                head.replace(" /", "  /") + "\r\n",
                head.replace(" /", " ") + "\r\n",
                "\r\n\r\n" + head + "\r\n",
                "CONNECT 127.0.0.1:25 HTTP/1.1\r\n" + host + "\r\n",
                "OPTIONS * HTTP/1.1\r\n" + host + "\r\n",
                "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
                "\u0016\u0003\u0001\u0002\u0000\u0001\u0000\u0001\u00fc\u0003\u0003",
                "G",
                "GET",
                "GET / HTTP/1.1\r\nHost",
                "\r\n",
                noise);
    }
}
