package dev.mailbell.network.socket;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.net.ConnectException;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.Base64;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** The method CONNECT of HTTP (RFC 9110, section 9.3.6), with Basic authentication (RFC 7617). */
final class HttpConnect implements ProxyDialogue.Protocol {
    private static final int MAX_HEAD_OCTETS = 16 * 1024;
    private static final Pattern STATUS =
            Pattern.compile("HTTP/1\\.[01] ([1-5][0-9]{2})(?: [^\\r\\n]*)?\\r?\\n(?s:.*)");
    private static final int PROXY_AUTHENTICATION_REQUIRED = 407;
    private static final int BAD_GATEWAY = 502;
    private static final int UNAVAILABLE = 503;
    private static final int GATEWAY_TIMEOUT = 504;

    private final String proxy;
    private final ProxyAddress.@Nullable Login login;

    HttpConnect(String proxy, ProxyAddress.@Nullable Login login) {
        this.proxy = proxy;
        this.login = login;
    }

    @Override
    public void connect(Socket socket, ProxyReader answers, ProxyDialogue.Target target)
            throws IOException {
        String request =
                "CONNECT %s HTTP/1.1\r\nHost: %s\r\n%s\r\n"
                        .formatted(target.authority(), target.authority(), authorization());
        socket.getOutputStream().write(request.getBytes(StandardCharsets.ISO_8859_1));
        requireOpened(head(answers), target);
    }

    private String authorization() {
        if (login == null) {
            return "";
        }
        String both = login.user() + ":" + login.password();
        return "Proxy-Authorization: Basic "
                + Base64.getEncoder().encodeToString(both.getBytes(StandardCharsets.UTF_8))
                + "\r\n";
    }

    /** Reads up to the empty line. */
    private String head(ProxyReader answers) throws IOException {
        ByteArrayOutputStream head = new ByteArrayOutputStream();
        int newlines = 0;
        while (newlines < 2) {
            int c = answers.next("an answer to CONNECT");
            if (head.size() >= MAX_HEAD_OCTETS) {
                throw ProxyException.of(proxy, "answered CONNECT with more than 16 KiB of headers");
            }
            head.write(c);
            newlines = c == '\n' ? newlines + 1 : c == '\r' ? newlines : 0;
        }
        return head.toString(StandardCharsets.ISO_8859_1);
    }

    private void requireOpened(String head, ProxyDialogue.Target target) throws IOException {
        Matcher matcher = STATUS.matcher(head);
        if (!matcher.matches()) {
            throw ProxyException.of(proxy, "does not speak HTTP; is its port right?");
        }
        int status = Integer.parseInt(matcher.group(1));
        if (status == GATEWAY_TIMEOUT) {
            throw new ConnectException(target + " did not answer " + proxy + " (504)");
        }
        if (status == PROXY_AUTHENTICATION_REQUIRED) {
            throw ProxyException.of(
                    proxy,
                    "answered 407: it wants a user and password, or others than are configured");
        }
        if (status == BAD_GATEWAY || status == UNAVAILABLE) {
            throw ProxyException.ofEither(
                    proxy, "answered " + status + " to CONNECT " + target, null);
        }
        if (status / 100 != 2) {
            throw ProxyException.of(proxy, "answered " + status + " to CONNECT " + target);
        }
    }
}
